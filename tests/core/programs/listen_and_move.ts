/** Listens at a relative path, and closes from another working directory. */
import { UnixListener } from "../../../src/core/listener.ts";

const listener = UnixListener.listen("./one");
Deno.chdir("/");
listener.close();
