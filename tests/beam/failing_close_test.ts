import { Beam, Fd, SystemError } from "ipcx";
import { assertEquals } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { openFile } from "./descriptors.ts";
import { BOUNDED, WIRES } from "./wires.ts";

const EIO = 5;

/** Closing its descriptors fails, as it does for files of FUSE and NFS when their server says so. */
class FileThatFails implements Disposable {
  readonly #directory = new OwnDirectory();
  readonly #path = this.#directory.file("fails");
  readonly #close = Fd.prototype.close;

  constructor() {
    Deno.writeTextFileSync(this.#path, "");
    const [path, close] = [this.#path, this.#close];
    Fd.prototype.close = function () {
      const fails = this.isOpen && Deno.readLinkSync(`/proc/self/fd/${this.number}`) === path;
      close.call(this);
      if (fails) throw new SystemError("close", EIO);
    };
  }

  /** Descriptors of it; the caller's, who closes them with {@linkcode close}. */
  open(count: number): Fd[] {
    return Array.from({ length: count }, () => openFile(this.#path));
  }

  /** Closes one without a word. */
  close(fd: Fd): void {
    this.#close.call(fd);
  }

  [Symbol.dispose](): void {
    Fd.prototype.close = this.#close;
    this.#directory[Symbol.dispose]();
  }
}

claim("a received file whose close fails keeps none of the others open that nobody took", async () => {
  using file = new FileThatFails();
  const fds = file.open(3);
  for (const options of BOUNDED) {
    const [sender, receiver] = Beam.pair(options);
    for (let count = 0; count < 3; count++) await sender.send("files", fds);
    (await receiver.receive())![Symbol.dispose]();
    file.close((await receiver.receive())!.takeFd()!);
    sender.close();
    receiver.close();
  }
  fds.forEach((fd) => file.close(fd));
});

claim("a received file whose close fails keeps nothing open that is beyond maxFds, nor fails the message", async () => {
  using file = new FileThatFails();
  const fds = file.open(5);
  for (const options of BOUNDED) {
    const [sender, receiver] = Beam.pair({ ...options, maxFds: 2 });
    using _sender = sender;
    using _receiver = receiver;
    await sender.send("files", fds);
    const message = (await receiver.receive())!;
    assertEquals([message.text, message.fds.length, message.controlTruncated], ["files", 2, true]);
    message.takeFds().forEach((fd) => file.close(fd));
  }
  fds.forEach((fd) => file.close(fd));
});

claim("received files whose close fails are all closed with the beam", async () => {
  using file = new FileThatFails();
  const fds = file.open(1);
  for (const options of WIRES) {
    const [sender, receiver] = Beam.pair(options);
    for (let count = 0; count < 4; count++) await sender.send("a file", fds);
    file.close((await receiver.receive())!.takeFd()!);
    sender.close();
    receiver.close();
  }
  fds.forEach((fd) => file.close(fd));
});
