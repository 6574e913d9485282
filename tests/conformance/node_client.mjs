// CRUD and a watch with @kubernetes/client-node; prints one line of JSON with what was seen.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, kubeconfig, namespace] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const k8s = await import(pathToFileURL(require.resolve("@kubernetes/client-node")).href);

const config = new k8s.KubeConfig();
config.loadFromFile(kubeconfig);
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const seen = {};

const events = [];
let deleted;
const finished = new Promise((resolve) => (deleted = resolve));
const watch = new k8s.Watch(config);
const request = await watch.watch(
  `/api/v1/namespaces/${namespace}/configmaps`,
  {},
  (type, object) => {
    events.push([type, object.metadata.name, object.data?.k ?? null]);
    if (type === "DELETED") deleted();
  },
  (error) => error && error.name !== "AbortError" && deleted(),
);

const body = { metadata: { name: "a" }, data: { k: "1" } };
const created = await core.createNamespacedConfigMap({ namespace, body });
seen.created = created.metadata.creationTimestamp instanceof Date;
created.data.k = "2";
await core.replaceNamespacedConfigMap({ name: "a", namespace, body: created });
try {
  await core.replaceNamespacedConfigMap({ name: "a", namespace, body: created });
} catch (error) {
  seen.stale = error.code;
}
const list = await core.listNamespacedConfigMap({ namespace });
seen.list = list.items.map((item) => item.metadata.name);
await core.deleteNamespacedConfigMap({ name: "a", namespace });
await finished;
request.abort();
seen.events = events;

const labels = { app: "web" };
const containers = [{ name: "web", image: "nginx:1" }];
const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: "web" }, spec } });
const patched = await apps.patchNamespacedDeployment(
  { name: "web", namespace, body: { spec: { replicas: 4 } } },
  k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch),
);
seen.replicas = patched.spec.replicas;
try {
  await apps.readNamespacedDeployment({ name: "none", namespace });
} catch (error) {
  seen.missing = error.code;
}

const objects = k8s.KubernetesObjectApi.makeApiClient(config);
const read = await objects.read({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace } });
seen.object = read.spec.replicas;
console.log(JSON.stringify(seen));
