/** Announces a value until it is killed. */
import { announce } from "ipcx";

const [address, value] = Deno.args;
announce({ address, key: "k", value: JSON.parse(value) });
console.error("announces");
