import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../dev/apiserver/values/kinds.ts';
import type { SchemaProps } from '../../src/api/base/structural.ts';
import { workspaceClassCrd, workspaceCrd } from '../../src/api/kinds/crd.ts';
import { decodeWorkspace, decodeWorkspaceClass } from '../../src/api/kinds/decode.ts';
import { arbitraryValue } from './arbitraryValue.ts';
import { specOf, workspace, workspaceClass, workspaceClasses, workspaces } from './support.ts';

const workspaceSchema = workspaceCrd().spec.versions[0].schema.openAPIV3Schema;
const classSchema = workspaceClassCrd().spec.versions[0].schema.openAPIV3Schema;

function part(schema: SchemaProps, name: 'spec' | 'status'): SchemaProps {
  const found = schema.properties?.[name];
  if (!found) throw new Error(`no ${name}`);
  return found;
}

/** One field of the schema with a value of its own, so that the others can't keep the object from being accepted. */
function arbitraryField(schema: SchemaProps): fc.Arbitrary<Record<string, JsonValue>> {
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    arbitraryValue(property).map((value) => ({ [name]: value })),
  );
  return fc.oneof(...fields);
}

const runs = { numRuns: 400, seed: 20_261_123 };

describe('the operator can read everything that the API server stores', () => {
  it('of a Workspace', () => {
    let accepted = 0;
    fc.assert(
      fc.property(arbitraryField(part(workspaceSchema, 'spec')), (change) => {
        const object = workspace(change);
        if (workspaces.refusals(object).length > 0) return;
        accepted += 1;
        const stored = workspaces.admit(object);
        expect(decodeWorkspace(stored).spec).toEqual(stored.spec);
      }),
      runs,
    );
    expect(accepted).toBeGreaterThan(300);
  });

  it('of its status', () => {
    let accepted = 0;
    fc.assert(
      fc.property(arbitraryField(part(workspaceSchema, 'status')), (status) => {
        const object: JsonObject = { ...workspace({}), status };
        if (workspaces.refusals(object).length > 0) return;
        accepted += 1;
        const stored = workspaces.admit(object);
        expect(decodeWorkspace(stored).status).toEqual(stored.status);
      }),
      runs,
    );
    expect(accepted).toBeGreaterThan(300);
  });

  it('of a WorkspaceClass', () => {
    let accepted = 0;
    fc.assert(
      fc.property(arbitraryField(part(classSchema, 'spec')), (change) => {
        const object = workspaceClass(change);
        if (workspaceClasses.refusals(object).length > 0) return;
        accepted += 1;
        const stored = workspaceClasses.admit(object);
        expect(decodeWorkspaceClass(stored).spec).toEqual(specOf(stored));
      }),
      runs,
    );
    expect(accepted).toBeGreaterThan(200);
  });
});
