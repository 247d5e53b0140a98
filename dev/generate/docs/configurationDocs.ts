import { SETTINGS, type Setting } from '../../../src/config/settings.ts';
import { code, GENERATED, table } from './markdown.ts';

const INTRODUCTION = `# Configuration

Every setting is a flag and an environment variable; the flag wins, and an empty variable counts as none. All are
checked before anything starts: the process reports all errors together, each with the setting and the next step, and
ends with exit code 2. Times are milliseconds.

\`npm start\` runs controller and gateway in one process; \`npm start -- controller\` and \`npm start -- gateway\` run one
of them. "Needed by" says which can't start without the setting.

AWS credentials come from the AWS SDK's own chain (environment, profile, web identity, instance role), and its own
variables work as everywhere. The controller's identity needs \`ec2:RunInstances\`, \`ec2:CreateTags\`,
\`ec2:TerminateInstances\`, \`ec2:StopInstances\`, \`ec2:StartInstances\`, \`ec2:DescribeInstances\`,
\`ec2:DescribeInstanceStatus\`, \`ec2:DescribeImages\`, \`ec2:DescribeSubnets\`, \`ec2:DescribeSecurityGroups\`,
\`ec2:GetConsoleOutput\`, \`ssm:GetParameter\`, and \`iam:PassRole\` for the instance
profiles that classes name. The gateway needs no rights in AWS. With \`--database-auth RdsIam\` both need \`rds-db:connect\` ([the database](install/database.md)).
`;

/** docs/configuration.md */
export function configurationDocs(): string {
  const groups = Map.groupBy(SETTINGS, ({ heading }) => heading);
  const sections = [...groups].map(([heading, settings]) => `## ${heading}\n\n${settingsTable(settings)}`);
  return [GENERATED, INTRODUCTION, ...sections].join('\n');
}

function settingsTable(settings: readonly Setting[]): string {
  return table(
    ['Flag', 'Environment', 'Default', 'Needed by', 'What'],
    settings.map(({ flag, env, default: value, neededBy, description, values }) => [
      code(flag),
      code(env),
      value === undefined ? '' : code(value),
      neededBy ?? '',
      `${description} Takes ${values}.`,
    ]),
  );
}
