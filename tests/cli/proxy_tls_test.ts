import { assert, assertEquals } from "@std/assert";
import { claim, type OwnDirectory } from "../claim.ts";
import { ipcx, runProgram } from "./program.ts";
import { ProxyCommand, saying } from "./proxying.ts";

/** Makes a certificate for this host, and its key. */
async function makeCertificate(directory: OwnDirectory, name: string): Promise<void> {
  const files = ["-keyout", directory.file(`${name}.key`), "-out", directory.file(`${name}.pem`)];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const use = ["-addext", "basicConstraints=critical,CA:FALSE"];
  const { status, err } = await runProgram(["openssl", "req", "-x509", ...kind, ...subject, ...use, ...files]);
  assertEquals(status, 0, err);
}

const tlsOf = (cert: string, key = cert) => ({ cert: `${cert}.pem`, key: `./${key}.key` });

/** Asks over HTTPS, and trusts only one certificate. */
async function ask(proxy: ProxyCommand, trusted: string): Promise<string> {
  const ca = proxy.directory.file(`${trusted}.pem`);
  const { status, out } = await runProgram(["curl", "-sS", "--cacert", ca, `${proxy.front}/`]);
  return status === 0 ? out : `curl: ${status}`;
}

/** curl(1): the peer's certificate cannot be verified. */
const UNTRUSTED = "curl: 60";

claim("with a certificate and its key clients come by TLS", async () => {
  await using proxy = new ProxyCommand({ tls: tlsOf("one") });
  await makeCertificate(proxy.directory, "one");
  await makeCertificate(proxy.directory, "two");
  await proxy.start();
  assert(proxy.front.startsWith("https://127.0.0.1:"), proxy.front);
  assertEquals(await ask(proxy, "one"), "hello\n");
  assertEquals(await ask(proxy, "two"), UNTRUSTED);
  // Whoever does not speak TLS is let go, and nothing else happens.
  const plain = await runProgram(["curl", "-sS", "-m", "10", proxy.front.replace("https", "http")]);
  assert(plain.status !== 0 && plain.status !== 28, `${plain.status}`);
  assertEquals(await ask(proxy, "one"), "hello\n");
  assertEquals((await proxy.stop()).status, 0);
});

claim("the admin server has a certificate of its own", async () => {
  await using proxy = new ProxyCommand({ admin: { port: 0, tls: tlsOf("one") } });
  await makeCertificate(proxy.directory, "one");
  await proxy.start();
  const admin = proxy.log[0].admin as string;
  const { out } = await runProgram(["curl", "-s", "--cacert", proxy.directory.file("one.pem"), `${admin}/healthz`]);
  assertEquals(out, "ok\n");
  assert(proxy.front.startsWith("http://"), proxy.front);
});

claim("a certificate that does not go with its key is refused at the start", async () => {
  await using proxy = new ProxyCommand({ tls: tlsOf("one", "two") });
  await makeCertificate(proxy.directory, "one");
  await makeCertificate(proxy.directory, "two");
  const { status, err } = await proxy.launch().ended();
  assertEquals(status, 1);
  assert(/one\.pem/.test(err) && /two\.key/.test(err), err);
});

claim("so is one that is none", async () => {
  await using proxy = new ProxyCommand({ tls: tlsOf("one") });
  await makeCertificate(proxy.directory, "one");
  const broken = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n";
  Deno.writeTextFileSync(proxy.directory.file("one.pem"), broken);
  const { status, err } = await proxy.launch().ended();
  assertEquals(status, 1);
  assert(/one\.pem/.test(err), err);
});

claim(
  "--check tells of a certificate that does not go with its key, for clients and for the admin server",
  async () => {
    for (const where of ["front", "admin"]) {
      const tls = tlsOf("one", "two");
      await using proxy = new ProxyCommand(where === "front" ? { tls } : { admin: { port: 0, tls } });
      await makeCertificate(proxy.directory, "one");
      await makeCertificate(proxy.directory, "two");
      const { status, out, err } = await ipcx(["proxy", "--check", "--config", proxy.config]);
      const [cert, key] = ["one.pem", "two.key"].map((name) => proxy.directory.file(name));
      const fault = `ipcx proxy: the key in ${key} is not that of the certificate in ${cert}\n`;
      assertEquals({ status, out, err }, { status: 1, out: "", err: fault });
    }
  },
);

claim("SIGHUP renews the certificate, and a connection that is there goes on", async () => {
  await using proxy = new ProxyCommand({ tls: tlsOf("one") });
  await makeCertificate(proxy.directory, "one");
  const old = Deno.readTextFileSync(proxy.directory.file("one.pem"));
  await proxy.start();
  const { hostname, port } = new URL(proxy.front);
  using kept = await Deno.connectTls({ hostname, port: Number(port), caCerts: [old] });
  const onKept = async (): Promise<string> => {
    await kept.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    let text = "";
    for (const part = new Uint8Array(4096); !text.includes("\n\r\n") || !text.includes("hello");) {
      const size = await kept.read(part);
      if (size === null) break;
      text += new TextDecoder().decode(part.subarray(0, size));
      if (text.endsWith("hello\n")) break;
    }
    return text.slice(0, 15);
  };
  assertEquals(await onKept(), "HTTP/1.1 200 OK");
  Deno.writeTextFileSync(proxy.directory.file("old.pem"), old);
  await makeCertificate(proxy.directory, "one");
  assertEquals((await proxy.reload()).message, "reloaded");
  assertEquals([await ask(proxy, "one"), await ask(proxy, "old")], ["hello\n", UNTRUSTED]);
  assertEquals(await onKept(), "HTTP/1.1 200 OK");
});

claim("a certificate that cannot be used keeps the old one, and all of the old configuration", async () => {
  await using proxy = new ProxyCommand({ tls: tlsOf("one") });
  await makeCertificate(proxy.directory, "one");
  await makeCertificate(proxy.directory, "two");
  await proxy.start();
  proxy.configure({ tls: tlsOf("one", "two"), routes: { "GET /": saying("new") } });
  const { message, error } = await proxy.reload();
  assertEquals(message, "reload failed, the old configuration stays");
  assert(/one\.pem/.test(error as string) && /two\.key/.test(error as string), `${error}`);
  assertEquals(await ask(proxy, "one"), "hello\n");
});

claim("whether there is TLS at an address cannot be changed while it is open", async () => {
  await using proxy = new ProxyCommand({ tls: tlsOf("one") });
  await makeCertificate(proxy.directory, "one");
  await proxy.start();
  proxy.configure({});
  const { error } = await proxy.reload();
  assertEquals(error, `${proxy.front} is served with TLS: it takes a restart to change that`);
  assertEquals(await ask(proxy, "one"), "hello\n");
});
