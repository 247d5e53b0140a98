/** What a krew manifest is made of. */
export interface Release {
  /** SemVer, without the v that krew puts before it. */
  version: string;
  /** Where krew gets the archive; with `--archive` it is not asked. */
  uri: string;
  /** Of the archive, hexadecimal. */
  sha256: string;
}

/** Of a plugin in krew's index, krew-index's docs/DEVELOPER_GUIDE: `kubectl krew install --manifest=… --archive=…` takes it too. */
export function krewManifest({ version, uri, sha256 }: Release) {
  return {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'workspace' },
    spec: {
      version: `v${version}`,
      shortDescription: 'Look at Workspaces, and ask things of them',
      description:
        'Shows Workspaces (EC2 instances that run an agent) with what they spent and what they wait for,\n' +
        'asks for restarts, stops and starts, and examines the operator. It reaches the cluster by your kubectl alone.\n',
      caveats: 'It needs Node 20 or later on PATH as `node`; `logs` and `ssh` need AWS’s CLI too.\n',
      platforms: [
        {
          // Windows runs no file by its first line.
          selector: { matchExpressions: [{ key: 'os', operator: 'In', values: ['darwin', 'linux'] }] },
          uri,
          sha256,
          files: [{ from: '*', to: '.' }],
          bin: 'kubectl-workspace',
        },
      ],
    },
  };
}
