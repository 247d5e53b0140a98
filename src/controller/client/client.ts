/** A kind of resource as the REST paths name it. */
export interface Resource {
  /** '' for the core group. */
  group: string;
  version: string;
  plural: string;
  namespaced: boolean;
}

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    finalizers?: string[];
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

export interface ListPage<T> {
  items: T[];
  resourceVersion: string;
  continue?: string;
}

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  /** Ask for PartialObjectMetadata only. */
  metadataOnly?: boolean;
}

export interface WriteOptions {
  /** Called after any wait, immediately before the request goes out; a throw means nothing was sent. */
  beforeSend?: () => void;
  signal?: AbortSignal;
}

/** Typed requests over a Transport. Every non-2xx answer rejects with an ApiError. */
export interface KubeClient {
  get<T extends KubeObject>(resource: Resource, name: string, namespace?: string): Promise<T>;
  list<T extends KubeObject>(resource: Resource, options?: ListOptions): Promise<ListPage<T>>;
  create<T extends KubeObject>(
    resource: Resource,
    body: unknown,
    namespace?: string,
    options?: WriteOptions,
  ): Promise<T>;
  /** PUT; compare-and-swap by the body's resourceVersion. */
  replace<T extends KubeObject>(resource: Resource, body: KubeObject, options?: WriteOptions): Promise<T>;
  /** RFC 7386 merge patch; with metadata.resourceVersion in it a compare-and-swap. */
  mergePatch<T extends KubeObject>(
    resource: Resource,
    target: { name: string; namespace?: string; subresource?: 'status' },
    patch: unknown,
    options?: WriteOptions,
  ): Promise<T>;
  delete(resource: Resource, name: string, namespace?: string, options?: WriteOptions): Promise<void>;
}
