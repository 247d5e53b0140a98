import protobuf from 'protobufjs';
import type { JsonObject } from '../values/kinds.ts';

export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const document = { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.35.0' }, paths: {} };

/** The first fields of gnostic's openapi.v2.Document. */
const schema = `
syntax = "proto2";
message Info { optional string title = 1; optional string version = 2; }
message Paths {}
message Document { optional string swagger = 1; optional Info info = 2; optional Paths paths = 8; }
`;

/**
 * `GET /openapi/v2`: a document without a schema. For a kind that isn't served, kubectl wants to have looked here
 * before it says so; a 404 has it speak of validation instead of the missing kind.
 */
export function openapiV2(): JsonObject {
  return document;
}

/** The same in protobuf, which kubectl reads alone; every byte of it is ASCII. */
export function openapiV2Protobuf(): string {
  const type = protobuf.parse(schema).root.lookupType('Document');
  return Buffer.from(type.encode(document).finish()).toString('latin1');
}
