/** Prints where the broker and its control socket are by default, or why that cannot be said. */
import { defaultBrokerAddress, defaultControlAddress } from "ipcx";

try {
  const address = defaultBrokerAddress();
  console.log(address);
  console.log(defaultControlAddress(address));
} catch (error) {
  console.log(`${error}`);
}
