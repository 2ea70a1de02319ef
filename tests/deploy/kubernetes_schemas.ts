/**
 * Manifests, checked as an API server of Kubernetes would with `fieldValidation: Strict`.
 *
 * @module
 */

import { validate as ConfigMap } from "kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap";
import { validate as DaemonSet } from "kubernetes-models/_schemas/IoK8sApiAppsV1DaemonSet";
import { validate as Deployment } from "kubernetes-models/_schemas/IoK8sApiAppsV1Deployment";
import { validate as Namespace } from "kubernetes-models/_schemas/IoK8sApiCoreV1Namespace";
import { validate as NetworkPolicy } from "kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy";
import { validate as Pod } from "kubernetes-models/_schemas/IoK8sApiCoreV1Pod";
import { validate as PodDisruptionBudget } from "kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget";
import { validate as Service } from "kubernetes-models/_schemas/IoK8sApiCoreV1Service";

/** A schema as the package has it: a function that reads every field it knows. */
interface Validate {
  (data: unknown): boolean;
  errors?: { instancePath: string; message?: string; keyword: string; params: unknown }[] | null;
}

const SCHEMAS: Readonly<Record<string, unknown>> = {
  "v1 ConfigMap": ConfigMap,
  "apps/v1 DaemonSet": DaemonSet,
  "apps/v1 Deployment": Deployment,
  "v1 Namespace": Namespace,
  "networking.k8s.io/v1 NetworkPolicy": NetworkPolicy,
  "v1 Pod": Pod,
  "policy/v1 PodDisruptionBudget": PodDisruptionBudget,
  "v1 Service": Service,
};

/** What the schemas leave open: a field that none of them reads is one that there is not. */
function watched<T>(value: T, path: string, read: Set<string>): T {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value, {
    get(target, key, receiver) {
      const inner = Reflect.get(target, key, receiver);
      if (typeof key === "symbol") return inner;
      read.add(`${path}/${key}`);
      return watched(inner, `${path}/${key}`, read);
    },
  });
}

function unread(value: unknown, path: string, read: ReadonlySet<string>): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = `${path}/${key}`;
    return read.has(place) ? unread(inner, place, read) : [`${place}: there is no such field`];
  });
}

/**
 * Checks a manifest.
 *
 * @param manifest One document, as it was read.
 * @returns What is wrong with it, each with its place.
 */
export function faultsOf(manifest: Record<string, unknown>): string[] {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  const validate = SCHEMAS[kind] as Validate | undefined;
  if (validate === undefined) return [`there is no schema for '${kind}' here`];
  const read = new Set<string>();
  const faults = validate(watched(manifest, "", read))
    ? []
    : (validate.errors ?? []).map(({ instancePath, keyword, params }) =>
      `${instancePath}: ${keyword} ${JSON.stringify(params)}`
    );
  return [...faults, ...unread(manifest, "", read)];
}
