import { Gauge, type Registry } from 'prom-client';

export function createNamespaceMetrics(registry: Registry) {
  let count = () => 0;
  new Gauge({
    name: 'workspace_namespaces_unwatched',
    help: 'Namespaces of --watch-namespaces that are not served: the API server refuses them, or they do not exist',
    registers: [registry],
    collect() {
      this.set(count());
    },
  });
  return {
    /** @param counted asked at each scrape */
    watch(counted: () => number) {
      count = counted;
    },
  };
}
