// Imports point one way: main → reconcilers → {ec2, gateway, api} → controller.
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'A cycle means that two files are one idea; merge them, or move what both need below both.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'Every import must lead somewhere; an unseen one would escape the rules below.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'controller-knows-nothing-of-ours',
      severity: 'error',
      comment: 'The runtime knows nothing of workspaces; pass in what it needs.',
      from: { path: '^src/controller/', pathNot: '[.]test[.]ts$' },
      to: { path: '^(src|dev|test)/', pathNot: '^src/controller/' },
    },
    {
      name: 'api-knows-only-itself',
      severity: 'error',
      comment: 'The kinds are data; what acts on them is elsewhere.',
      from: { path: '^src/api/', pathNot: '[.]test[.]ts$' },
      to: { path: '^(src|dev|test)/', pathNot: '^src/api/' },
    },
    {
      name: 'ec2-and-gateway-look-down-only',
      severity: 'error',
      comment: 'ec2 and gateway stand beside one another, above api and controller.',
      from: { path: '^src/(ec2|gateway)/', pathNot: '[.]test[.]ts$' },
      to: { path: '^src/', pathNot: '^src/(api|controller|agent)/|^src/$1/' },
    },
    {
      name: 'decide-is-pure',
      severity: 'error',
      comment: 'decide depends on facts and on the kinds alone: no I/O, no clock, no randomness, not even by import. Hashing and moments are pure.',
      from: { path: '^src/reconcilers/[^/]+/decide/', pathNot: '[.]test[.]ts$' },
      to: { pathNot: '^src/reconcilers/[^/]+/decide/|^src/api/|^src/controller/lib/time[.]ts$|^crypto$' },
    },
    {
      name: 'reconcilers-do-not-wire',
      severity: 'error',
      comment: 'Configuration and wiring are main’s; a reconciler is given what it needs.',
      from: { path: '^src/reconcilers/', pathNot: '[.]test[.]ts$' },
      to: { path: '^src/([^/]+[.]ts$|(config|operator|cluster|process|doctor)/)' },
    },
    {
      name: 'plugin-stays-small',
      severity: 'error',
      comment: 'kubectl workspace is one small file on people’s machines: it knows reasons, causes and what needs no schema and no client.',
      from: { path: '^src/plugin/', pathNot: '[.]test[.]ts$' },
      to: { path: '^src/', pathNot: '^src/plugin/|^src/api/(reasons|base/(own|table|conditions)[.]ts$)|^src/controller/lib/|^src/doctor/(certificate|finding)[.]ts$|^src/reconcilers/workspace/redact/secretForms[.]ts$' },
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      comment: 'main wires the parts and nothing else.',
      from: { path: '^src/' },
      to: { path: '^src/main[.]ts$' },
    },
    {
      name: 'src-without-dev-and-test',
      severity: 'error',
      comment: 'What ships must not lean on what does not. Tests beside the code may use test/ and dev/.',
      from: { path: '^src/', pathNot: '[.]test[.]ts$' },
      to: { path: '^(dev|test)/|[.]test[.]ts$' },
    },
    {
      name: 'src-with-dependencies-only',
      severity: 'error',
      comment: 'The image holds no development dependencies.',
      from: { path: '^src/', pathNot: '[.]test[.]ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'], exportsFields: ['exports'], conditionNames: ['node', 'import', 'types', 'default'] },
  },
};
