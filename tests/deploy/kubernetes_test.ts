import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseAllDocuments } from "yaml";
import manifest from "../../deno.json" with { type: "json" };
import { request as httpRequest } from "node:http";
import { claim, OwnDirectory } from "../claim.ts";
import { ipcx, ROOT, runProgram, startIpcx, within } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";
import { faultsOf } from "./kubernetes_schemas.ts";

const FOLDER = `${ROOT}deploy/kubernetes`;

// deno-lint-ignore no-explicit-any -- a manifest has any form until it was checked.
type Manifest = Record<string, any>;

function documents(file: string): Manifest[] {
  return parseAllDocuments(Deno.readTextFileSync(`${FOLDER}/${file}`), { merge: true }).map((document) => {
    assertEquals(document.errors, []);
    return document.toJS();
  });
}

const [kustomization] = documents("kustomization.yaml");
const FILES = ["namespace.yaml", "broker.yaml", "proxy.yaml", "client.yaml"];
const ALL = FILES.flatMap(documents);
const one = (kind: string, name: string): Manifest =>
  structuredClone(ALL.find((one) => one.kind === kind && one.metadata.name === name)!);

/** What is run: the template of a controller, or a pod itself. */
const podOf = (one: Manifest): Manifest | undefined => one.kind === "Pod" ? one.spec : one.spec?.template?.spec;
const PODS: [string, Manifest][] = ALL.flatMap((one) => {
  const pod = podOf(one);
  return pod ? [[`${one.kind} ${one.metadata.name}`, pod]] : [];
});

for (const manifest of ALL) {
  claim(`${manifest.kind} ${manifest.metadata.name} is as the API of Kubernetes has it`, () => {
    assertEquals(faultsOf(manifest), []);
  });
}

claim("a field that there is not, a value of another type, and one that is missing are found", () => {
  const daemonSet = one("DaemonSet", "ipcx-broker");
  const { spec } = daemonSet.spec.template;
  spec.containers[0].securityContext.readOnlyRootFileSystem = true;
  spec.terminationGracePeriodSeconds = "10s";
  spec.containers[0].livenessProbe.exec.cmd = ["true"];
  spec.volumes[0].hostPath.tpye = "Directory";
  delete spec.containers[0].name;
  assertEquals(faultsOf(daemonSet), [
    '/spec/template/spec/containers/0: required {"missingProperty":"name"}',
    '/spec/template/spec/terminationGracePeriodSeconds: type {"type":"integer"}',
    "/spec/template/spec/containers/0/securityContext/readOnlyRootFileSystem: there is no such field",
    "/spec/template/spec/containers/0/livenessProbe/exec/cmd: there is no such field",
    "/spec/template/spec/volumes/0/hostPath/tpye: there is no such field",
  ]);
  const deployment = one("Deployment", "ipcx-proxy");
  deployment.spec.template.spec.containers[0].ports[0].protocol = "HTTP";
  deployment.spec.replica = 3;
  assertEquals(faultsOf(deployment), [
    '/spec/template/spec/containers/0/ports/0/protocol: enum {"allowedValues":["SCTP","TCP","UDP"]}',
    "/spec/replica: there is no such field",
  ]);
});

claim("all but the example are in the kustomization, and all are in one namespace", () => {
  assertEquals(kustomization.resources, FILES.filter((file) => file !== "client.yaml"));
  for (const { kind, metadata } of ALL) if (kind !== "Namespace") assertEquals(metadata.namespace, "ipcx", kind);
});

claim("kustomize makes of it what was written", async () => {
  const { status, out, err } = await runProgram(["kubectl", "kustomize", FOLDER]);
  assertEquals([status, err], [0, ""]);
  const made: Manifest[] = parseAllDocuments(out).map((document) => document.toJS());
  const order = (list: Manifest[]): string[] => list.map((one) => JSON.stringify([one.kind, one.metadata.name])).sort();
  assertEquals(order(made), order(ALL.filter(({ kind }) => kind !== "Pod")));
}, { skip: missing("kubectl") });

claim("images have the version of ipcx", () => {
  const own = PODS.flatMap(([, pod]) => pod.containers).map(({ image }) => image);
  for (const image of own) assert(image.endsWith(`:${manifest.version}`), image);
  for (const { name, newTag } of kustomization.images) {
    assertEquals(newTag, manifest.version);
    assert(own.some((image) => image === `${name}:${newTag}`), name);
  }
});

claim("pods are restricted as far as Pod Security Standards go, but for the directory of the node", () => {
  for (const [name, pod] of PODS) {
    assertEquals([pod.securityContext.runAsNonRoot, pod.securityContext.seccompProfile], [true, {
      type: "RuntimeDefault",
    }], name);
    assert(pod.securityContext.runAsUser > 10_000, name);
    assertEquals([pod.automountServiceAccountToken, pod.hostNetwork, pod.hostPID], [false, undefined, undefined], name);
    for (const { securityContext, resources } of pod.containers) {
      assertEquals(securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      }, name);
      for (const kind of ["requests", "limits"]) assertEquals(Object.keys(resources[kind]), ["cpu", "memory"], name);
    }
  }
});

claim("clients of the broker have its group, and cannot change its directory", () => {
  const broker = podOf(one("DaemonSet", "ipcx-broker"))!;
  const client = podOf(one("Pod", "ipcx-client"))!;
  assertEquals(client.securityContext.supplementalGroups, [broker.securityContext.runAsGroup]);
  assertStringIncludes(broker.initContainers[0].command.join(" "), `:${broker.securityContext.runAsGroup} /run/ipcx`);
  assertEquals(client.volumes[0].hostPath.path, broker.volumes[0].hostPath.path);
  for (const { volumeMounts } of client.containers) assertEquals(volumeMounts[0].readOnly, true);
});

claim("the broker of the DaemonSet starts, its probe succeeds, and the clients of the example meet", async () => {
  using directory = new OwnDirectory();
  for (const name of ["sockets", "control"]) Deno.mkdirSync(directory.file(name));
  const here = (args: string[]): string[] =>
    args.map((arg) =>
      arg.replaceAll("/run/ipcx", directory.file("sockets")).replaceAll("/run/control", directory.file("control"))
    );
  const [container] = podOf(one("DaemonSet", "ipcx-broker"))!.containers;
  await using broker = startIpcx(here(container.args));
  await broker.says("serving");
  assertEquals(Deno.statSync(directory.file("sockets/one.socket")).mode! & 0o777, 0o660);
  for (const probe of [container.startupProbe, container.livenessProbe]) {
    const [program, ...args] = here(probe.exec.command);
    assertEquals([program, (await ipcx(args)).status], ["/usr/bin/ipcx", 0]);
  }
  const clients = podOf(one("Pod", "ipcx-client"))!.containers.map(({ args, env }: Manifest) =>
    ipcx(args, { env: { [env[0].name]: here([env[0].value])[0] } })
  );
  for (const { status, err } of await Promise.all(clients)) assertEquals([status, err], [0, ""]);
  assertEquals((await broker.stop()).status, 0);
});

/** Asks as the kubelet does: at an address, under that name. */
async function ask(port: number, path: string): Promise<[number, string]> {
  const { promise, resolve, reject } = Promise.withResolvers<[number, string]>();
  httpRequest({ host: "127.0.0.2", port, path, agent: false }, async (response) => {
    const chunks = await Array.fromAsync(response);
    resolve([response.statusCode!, chunks.join("")]);
  }).on("error", reject).end();
  return await within(promise, "no answer");
}

claim(
  "the gateway of the Deployment starts, and its probes and its metrics are where they are looked for",
  async () => {
    using directory = new OwnDirectory();
    const { metadata, spec: pod } = one("Deployment", "ipcx-proxy").spec.template;
    const [container] = pod.containers;
    const text: string = one("ConfigMap", "ipcx-proxy").data["urocket.yaml"];
    const port = (name: string): number =>
      container.ports.find((port: Manifest) => port.name === name || port.containerPort === Number(name)).containerPort;
    for (const name of ["http", "admin", metadata.annotations["prometheus.io/port"]]) {
      assert(text.includes(`port: ${port(name)}`), name);
    }
    assertEquals(metadata.annotations["prometheus.io/port"], `${port("admin")}`);

    const own = text.replaceAll("/run/ipcx-proxy", directory.path).replaceAll(/port: \d+/g, "port: 0");
    Deno.writeTextFileSync(directory.file("urocket.yaml"), own);
    await using proxy = startIpcx(container.args.map((arg: string) => arg.replace("/etc/ipcx", directory.path)));
    await proxy.says("serving");
    const [, front, admin] = /"front":"http:\/\/0\.0\.0\.0:(\d+)".*"admin":"http:\/\/0\.0\.0\.0:(\d+)"/.exec(
      proxy.err,
    )!;
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      const { path, port } = container[probe].httpGet;
      assertEquals([port, (await ask(Number(admin), path))[0]], ["admin", 200], probe);
    }
    const [status, metrics] = await ask(Number(admin), metadata.annotations["prometheus.io/path"]);
    assertEquals(status, 200);
    assertStringIncludes(metrics, "# TYPE ipcx_proxy_requests_total counter");
    assertEquals(await ask(Number(front), "/hello/world"), [200, "hello world\n"]);
    assertEquals((await proxy.stop()).status, 0);
  },
);

claim("a pod of the gateway has time for preStop, for the grace of its configuration, and to end what is left", () => {
  const { spec: pod } = one("Deployment", "ipcx-proxy").spec.template;
  const [, grace] = /^grace: (\d+)s$/m.exec(one("ConfigMap", "ipcx-proxy").data["urocket.yaml"])!;
  const wait = pod.containers[0].lifecycle.preStop.sleep.seconds;
  assert(pod.terminationGracePeriodSeconds >= wait + Number(grace) + 5);
});

claim("the service, the budget and the policy are for the pods of the gateway, and name ports that there are", () => {
  const { metadata, spec: pod } = one("Deployment", "ipcx-proxy").spec.template;
  const policy = one("NetworkPolicy", "ipcx-proxy").spec;
  const selectors = [
    one("Service", "ipcx-proxy").spec.selector,
    one("PodDisruptionBudget", "ipcx-proxy").spec.selector.matchLabels,
    policy.podSelector.matchLabels,
  ];
  for (const selector of selectors) {
    for (const [label, value] of Object.entries(selector)) assertEquals(metadata.labels[label], value);
  }
  const named = [
    ...one("Service", "ipcx-proxy").spec.ports.map(({ targetPort }: Manifest) => targetPort),
    ...policy.ingress.flatMap(({ ports }: Manifest) => ports.map(({ port }: Manifest) => port)),
  ];
  const ports = pod.containers[0].ports.map(({ name }: Manifest) => name);
  for (const port of named) assert(ports.includes(port), port);
});
