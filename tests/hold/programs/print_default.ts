/** Prints where the holder is by default, or why that cannot be said. */
import { defaultHolderAddress } from "../../../src/hold/defaults.ts";

try {
  console.log(defaultHolderAddress());
} catch (error) {
  console.log(`${error}`);
}
