import type { z } from 'zod';
import { API_VERSION, GROUP, VERSION } from '../base/meta.ts';
import { type SchemaProps, structuralSchema } from '../base/structural.ts';
import { workspaceSpec, workspaceStatus } from './workspace.ts';
import { workspaceClassSpec } from './workspaceClass.ts';
import { workspaceClassStatus } from './workspaceClassStatus.ts';

export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  description: string;
  /** 1 is shown with `-o wide` only. */
  priority?: 1;
}

/** An apiextensions.k8s.io/v1 CustomResourceDefinition with one version. */
export interface CustomResourceDefinition {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: { name: string };
  spec: {
    group: string;
    scope: 'Namespaced' | 'Cluster';
    names: {
      kind: string;
      listKind: string;
      plural: string;
      singular: string;
      shortNames: string[];
      categories: string[];
    };
    versions: [
      {
        name: string;
        served: true;
        storage: true;
        schema: { openAPIV3Schema: SchemaProps };
        subresources: { status: Record<string, never> };
        additionalPrinterColumns: PrinterColumn[];
      },
    ];
  };
}

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since creation.',
};

const ready = (field: 'status' | 'reason' | 'message') => `.status.conditions[?(@.type=="Ready")].${field}`;

const workspaceColumns: PrinterColumn[] = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: ready('status'),
    description: 'Whether the instance runs and heartbeats.',
  },
  { name: 'Reason', type: 'string', jsonPath: ready('reason'), description: 'Why it is, or is not.' },
  {
    name: 'State',
    type: 'string',
    jsonPath: '.status.instance.state',
    description: 'The instance’s state in EC2’s own word.',
  },
  { name: 'Instance', type: 'string', jsonPath: '.status.instance.id', description: 'Id of the instance.' },
  { name: 'Type', type: 'string', jsonPath: '.status.instance.type', description: 'EC2 instance type.' },
  {
    name: 'Capacity',
    type: 'string',
    jsonPath: '.status.launch.params.capacityType',
    description: 'Capacity type that the launch was sent with; On-Demand costs more than Spot.',
    priority: 1,
  },
  {
    name: 'Provisions',
    type: 'integer',
    jsonPath: '.status.provisions',
    description: 'Instances ever provisioned.',
  },
  {
    name: 'Cause',
    type: 'string',
    jsonPath: '.status.launch.cause.kind',
    description: 'What the present launch answers.',
  },
  AGE,
  {
    name: 'Class',
    type: 'string',
    jsonPath: '.spec.className',
    description: 'The WorkspaceClass.',
    priority: 1,
  },
  {
    name: 'Launch',
    type: 'integer',
    jsonPath: '.status.launch.number',
    description: 'Number of the present launch.',
    priority: 1,
  },
  {
    name: 'Phase',
    type: 'string',
    jsonPath: '.status.launch.phase',
    description: 'Phase of the present launch.',
    priority: 1,
  },
  {
    name: 'Zone',
    type: 'string',
    jsonPath: '.status.instance.zone',
    description: 'Availability zone.',
    priority: 1,
  },
  {
    name: 'IP',
    type: 'string',
    jsonPath: '.status.instance.privateIP',
    description: 'Private address.',
    priority: 1,
  },
  {
    name: 'Up-to-date',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="UpToDate")].reason',
    description: 'Whether the instance holds what is desired, or why not.',
    priority: 1,
  },
  {
    name: 'Message',
    type: 'string',
    jsonPath: ready('message'),
    description: 'What to know, with the next step.',
    priority: 1,
  },
];

const workspaceClassColumns: PrinterColumn[] = [
  { name: 'Ready', type: 'string', jsonPath: ready('status'), description: 'Whether all is well with it.' },
  {
    name: 'Namespaces',
    type: 'string',
    jsonPath: '.spec.allowedNamespaces.from',
    description: 'Which namespaces may use it.',
  },
  {
    name: 'Type',
    type: 'string',
    jsonPath: '.spec.instanceTypes[0].name',
    description: 'The preferred instance type.',
  },
  {
    name: 'Capacity',
    type: 'string',
    jsonPath: '.spec.capacityTypes[0]',
    description: 'The preferred capacity type.',
  },
  {
    name: 'Total',
    type: 'integer',
    jsonPath: '.status.counts.total',
    description: 'Workspaces of the class.',
  },
  {
    name: 'Current',
    type: 'integer',
    jsonPath: '.status.counts.current',
    description: 'Of them, up to date.',
  },
  {
    name: 'Updating',
    type: 'integer',
    jsonPath: '.status.counts.updating',
    description: 'Of them, being launched or replaced, or waiting for it.',
  },
  {
    name: 'Failing',
    type: 'integer',
    jsonPath: '.status.counts.failing',
    description: 'Of them, not Ready for another reason.',
  },
  {
    name: 'Rollout',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="RolloutComplete")].reason',
    description: 'Whether changes have reached all, or why not.',
  },
  AGE,
  {
    name: 'Images',
    type: 'string',
    jsonPath: '.spec.imageUpdatePolicy',
    description: 'When a newer image is used.',
    priority: 1,
  },
  {
    name: 'On-stop',
    type: 'string',
    jsonPath: '.spec.stopBehavior',
    description: 'What Stopped does.',
    priority: 1,
  },
];

interface KindOptions {
  kind: string;
  plural: string;
  scope: 'Namespaced' | 'Cluster';
  shortNames: string[];
  description: string;
  spec: z.ZodType;
  status: z.ZodType;
  columns: PrinterColumn[];
}

/** `kubectl get wks`; `ws` is taken by other projects. */
export function workspaceCrd(): CustomResourceDefinition {
  return definition({
    kind: 'Workspace',
    plural: 'workspaces',
    scope: 'Namespaced',
    shortNames: ['wks'],
    description: 'A Workspace is one EC2 instance that runs an agent and is kept current with its secrets.',
    spec: workspaceSpec,
    status: workspaceStatus,
    columns: workspaceColumns,
  });
}

export function workspaceClassCrd(): CustomResourceDefinition {
  return definition({
    kind: 'WorkspaceClass',
    plural: 'workspaceclasses',
    scope: 'Cluster',
    shortNames: ['wksc'],
    description: 'A WorkspaceClass is what the platform team decides for the Workspaces that name it.',
    spec: workspaceClassSpec,
    status: workspaceClassStatus,
    columns: workspaceClassColumns,
  });
}

function definition(options: KindOptions): CustomResourceDefinition {
  const { kind, plural, scope, shortNames, columns } = options;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames,
        categories: ['molecule'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema(options) },
          subresources: { status: {} },
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}

function objectSchema({ kind, description, spec, status }: KindOptions): SchemaProps {
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: `Always ${API_VERSION}.` },
      kind: { type: 'string', description: `Always ${kind}.` },
      // Bare: the server refuses anything more here, a description too.
      metadata: { type: 'object' },
      spec: structuralSchema(spec, `${kind}.spec`),
      status: {
        ...structuralSchema(status, `${kind}.status`),
        // kstatus reads −1 as "not yet seen", also between creation and the operator's first visit.
        default: { observedGeneration: -1 },
      },
    },
  };
}
