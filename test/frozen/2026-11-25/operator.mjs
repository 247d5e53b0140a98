import { z } from "zod";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { hostname } from "node:os";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import pg from "pg";
import { join } from "node:path";
import { runner } from "node-pg-migrate";
// src/api/meta.ts
const GROUP = "compute.molecule.ai";
const API_VERSION = `${GROUP}/v1alpha1`;
const FINALIZER = `${GROUP}/instance`;
const ABANDON_ANNOTATION = `${GROUP}/abandon-instance`;
function text$1(max) {
	return z.string().refine((value) => value.length <= max || [...value].length <= max, { error: `longer than ${max} characters` }).meta({ maxLength: max });
}
const objectName = text$1(253).min(1).regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
const timestamp = z.iso.datetime({ offset: true }).max(40).meta({ format: "date-time" });
function cel(...rules) {
	return { "x-kubernetes-validations": rules };
}
function listMap(...keys) {
	return {
		"x-kubernetes-list-type": "map",
		"x-kubernetes-list-map-keys": keys
	};
}
const condition = z.object({
	type: text$1(316).min(1).describe("The aspect of the object that this condition is about."),
	status: z.enum([
		"True",
		"False",
		"Unknown"
	]).describe("Whether the condition holds."),
	observedGeneration: z.int().min(0).optional().describe("metadata.generation that the condition was judged from."),
	lastTransitionTime: timestamp.describe("When the status of the condition last changed."),
	reason: text$1(1024).min(1).describe("A CamelCase word for why; stable, for programs."),
	message: text$1(4096).describe("What a person needs to know, with the next step.")
}).describe("One aspect of the object, judged.");
// src/api/classParts.ts
const tagMap = z.record(z.string(), text$1(256));
const tagKeyLength = {
	rule: "self.all(k, k.size() >= 1 && k.size() <= 128)",
	message: "tags: a key has 1 to 128 characters, as EC2 wants it; shorten the key"
};
const architecture = z.enum(["x86_64", "arm64"]);
const DEFAULT_ARCHITECTURE = "x86_64";
const instanceTypeName = text$1(64).min(1).regex(/^[a-z0-9-]+\.[a-z0-9-]+$/);
const images = z.array(z.object({
	architecture: architecture.describe("CPU architecture that the image is for."),
	id: text$1(64).regex(/^ami-[0-9a-f]+$/).optional().describe("AMI id."),
	ssmParameter: text$1(1011).min(1).regex(/^[A-Za-z0-9_.:/-]+$/).optional().describe("Name of an SSM parameter whose value is an AMI id; read at launch and pinned in the launch.")
}).meta(cel({
	rule: "has(self.id) != has(self.ssmParameter)",
	message: "images: give exactly one of id and ssmParameter; remove the other"
})).describe("The machine image for one architecture.")).min(1).max(2).meta(listMap("architecture")).describe("One machine image for each architecture that the instance types need.");
const instanceTypes = z.array(z.object({
	name: instanceTypeName.describe("EC2 instance type."),
	architecture: architecture.optional().describe("CPU architecture of the type; x86_64 unless it says so.")
}).describe("An instance type that Workspaces of the class may have.")).min(1).max(32).meta(cel({
	rule: "self.all(t, self.exists_one(u, u.name == t.name))",
	message: "instanceTypes: each name may occur once; remove the duplicate"
})).describe("Instance types, in order of preference.");
const capacityTypes = z.array(z.enum(["OnDemand", "Spot"])).min(1).max(2).default(["OnDemand"]).meta(cel({
	rule: "self.all(c, self.exists_one(d, d == c))",
	message: "capacityTypes: each type may occur once; remove the duplicate"
})).describe("Capacity types, in order of preference. Spot instances are one-time and never stop.");
function resourceTerms(prefix, what) {
	const term = z.object({
		id: text$1(64).regex(new RegExp(`^${prefix}-[0-9a-f]+$`)).optional().describe(`Id of one ${what}.`),
		tags: tagMap.optional().meta({
			minProperties: 1,
			maxProperties: 16,
			...cel(tagKeyLength)
		}).describe(`Selects each ${what} that carries all of these tags; the value * matches any value.`)
	}).meta(cel({
		rule: "has(self.id) != has(self.tags)",
		message: `${what}: give exactly one of id and tags; remove the other`
	})).describe(`Selects by id or by tags; a ${what} that matches any term is used.`);
	return z.array(term).min(1).max(16);
}
const labelRequirement = z.object({
	key: text$1(317).min(1).describe("Label key."),
	operator: z.enum([
		"In",
		"NotIn",
		"Exists",
		"DoesNotExist"
	]).describe("How the key relates to the values."),
	values: z.array(text$1(63)).max(32).optional().describe("Values for In and NotIn.")
}).meta(cel({
	rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
	message: "values: In and NotIn need at least one value, Exists and DoesNotExist take none"
})).describe("One requirement on a label.");
const labelSelector = z.object({
	matchLabels: z.record(text$1(317), text$1(63)).optional().meta({ maxProperties: 16 }).describe("Labels that the namespace must carry."),
	matchExpressions: z.array(labelRequirement).max(16).optional().describe("Requirements that must all hold.")
});
const allowedNamespaces = z.object({
	from: z.enum([
		"None",
		"All",
		"Selector"
	]).default("None").describe("Which namespaces may use the class."),
	selector: labelSelector.optional().describe("Namespace labels, for from: Selector; {} selects every one.")
}).meta(cel({
	rule: "(self.from == 'Selector') == has(self.selector)",
	message: "selector goes with from: Selector, and only with it; add it or change from"
})).describe("Namespaces whose Workspaces may name this class.");
const rootVolume$1 = z.object({
	sizeGiB: z.int().min(1).max(16384).default(30).describe("Size in GiB."),
	type: z.enum([
		"gp3",
		"gp2",
		"io1",
		"io2"
	]).default("gp3").describe("EBS volume type."),
	iops: z.int().min(100).max(256e3).optional().describe("Provisioned IOPS; required for io1 and io2."),
	throughput: z.int().min(125).max(2e3).optional().describe("Throughput in MiB/s; gp3 only."),
	kmsKeyID: text$1(2048).min(1).optional().describe("KMS key for encryption; without it the account default.")
}).meta(cel({
	rule: "!has(self.throughput) || self.type == 'gp3'",
	message: "throughput goes with type gp3 only; remove it or change type",
	fieldPath: ".throughput"
}, {
	rule: "!has(self.iops) || self.type != 'gp2'",
	message: "iops does not go with type gp2; remove it or change type",
	fieldPath: ".iops"
}, {
	rule: "!(self.type in ['io1', 'io2']) || has(self.iops)",
	message: "iops is required with type io1 and io2; give it or change type",
	fieldPath: ".iops",
	reason: "FieldValueRequired"
})).describe("The root volume; it ends with the instance.");
const instanceTags = tagMap.default({}).meta({
	maxProperties: 40,
	...cel({
		rule: "self.all(k, !k.startsWith('aws:') && !k.startsWith('compute.molecule.ai/'))",
		message: "tags: keys that start with aws: or compute.molecule.ai/ are taken by AWS and the operator; rename the key"
	}, tagKeyLength)
}).describe("Tags that every instance and volume carries besides the operator’s own.");
// src/api/launchParams.ts
const launchParams = z.object({
	imageID: text$1(64).describe("AMI id."),
	instanceType: text$1(64).describe("EC2 instance type."),
	capacityType: z.enum(["OnDemand", "Spot"]).describe("Capacity type."),
	subnetID: text$1(64).describe("Subnet."),
	zone: text$1(64).describe("Availability zone of the subnet."),
	securityGroupIDs: z.array(text$1(64)).max(16).describe("Security groups."),
	instanceProfile: text$1(128).optional().describe("Name of the IAM instance profile."),
	rootVolume: z.object({
		deviceName: text$1(64).describe("Root device name of the image."),
		sizeGiB: z.int().min(1).max(65536).describe("Size in GiB."),
		type: text$1(16).describe("EBS volume type."),
		iops: z.int().min(1).max(1e6).optional().describe("Provisioned IOPS."),
		throughput: z.int().min(1).max(1e5).optional().describe("Throughput in MiB/s."),
		kmsKeyID: text$1(2048).optional().describe("KMS key.")
	}).describe("The root volume."),
	tags: z.array(z.object({
		key: text$1(128).describe("Tag key."),
		value: text$1(256).describe("Tag value.")
	}).describe("A tag.")).max(50).describe("All tags, in the order in which they are sent."),
	userData: z.object({
		stub: z.int().min(1).max(1e6).describe("Version of the boot stub."),
		gatewayURL: text$1(2048).describe("Where the instance finds the gateway."),
		caDigest: text$1(128).optional().describe("Digest of the CA bundle that the gateway’s certificate is checked with."),
		ticketKey: text$1(64).describe("Id of the key that the ticket is made with."),
		classDigest: text$1(128).optional().describe("Digest of the class’s user data.")
	}).describe("What the user data is rendered from.")
}).describe("The parameters of RunInstances as they were resolved; user data and token follow from them.");
// src/api/workspaceClass.ts
const workspaceClassSpec = z.object({
	allowedNamespaces: allowedNamespaces.prefault({}),
	images,
	imageUpdatePolicy: z.enum(["OnLaunch", "Automatic"]).default("OnLaunch").describe("OnLaunch: a newer image is used by the next launch. Automatic: a newer image, looked for every few minutes, is a change of the class, and is rolled out as one."),
	instanceTypes,
	capacityTypes,
	subnets: resourceTerms("subnet", "subnet").describe("Subnets to launch in."),
	securityGroups: resourceTerms("sg", "security group").describe("Security groups of the instance."),
	instanceProfile: text$1(128).min(1).optional().describe("Name of the IAM instance profile."),
	rootVolume: rootVolume$1.prefault({}),
	tags: instanceTags,
	userData: text$1(12e3).optional().describe("A shell script that runs at first boot after the operator’s own stub. No secrets: anyone on the instance can read it."),
	heartbeat: z.object({
		periodSeconds: z.int().min(1).max(3600).default(30).describe("How often the agent heartbeats, in seconds."),
		timeoutSeconds: z.int().min(2).max(86400).default(90).describe("Silence after which an agent counts as lost, in seconds.")
	}).meta(cel({
		rule: "self.timeoutSeconds >= 2 * self.periodSeconds",
		message: "timeoutSeconds must be at least twice periodSeconds; raise it or lower periodSeconds",
		fieldPath: ".timeoutSeconds"
	})).prefault({}).describe("The agent’s heartbeats."),
	startupTimeoutSeconds: z.int().min(1).max(86400).default(900).describe("Time from a launch to its first heartbeat after which the launch counts as failed, in seconds."),
	rollout: z.object({
		debounceSeconds: z.int().min(0).max(3600).default(2).describe("How long a change must have stood still before it counts, in seconds; under a constant writer ten times that."),
		minIntervalSeconds: z.int().min(0).max(86400).default(60).describe("Least time from a launch to the next one that a secret, spec or class change causes, in seconds. Changes within it are deferred, never dropped."),
		maxUnavailable: text$1(8).regex(/^([1-9][0-9]*|[1-9][0-9]?%|100%)$/).default("10%").describe("How many of the class’s Workspaces may be down before a secret, spec or class change takes another one down: a number, or a percentage of those that should run, rounded down, at least one. Restarts that a person asks for, repairs and first launches do not wait.")
	}).prefault({}).describe("How changes reach running Workspaces."),
	repair: z.object({
		policy: z.enum(["Replace", "None"]).default("Replace").describe("Replace: an instance that fell silent is replaced. None: it is reported, and replaced only when a person asks for it."),
		afterSeconds: z.int().min(0).max(86400).default(300).describe("Silence beyond the heartbeat timeout after which it is replaced, in seconds; as long as the heartbeat timeout at least. The same time counts for status checks of EC2 that say impaired, while it is silent too.")
	}).prefault({}).describe("Repair of instances that fell silent."),
	stopBehavior: z.enum(["Stop", "Terminate"]).default("Stop").describe("What operatingMode: Stopped does to the instance: stop it, its disk stays; or end it. Spot instances always end."),
	maxInstances: z.int().min(0).max(1e5).optional().describe("Most instances of this class, stopped ones included. Workspaces above it wait, in the order of creation; lowering it ends nothing."),
	maxInstancesPerNamespace: z.int().min(0).max(1e5).optional().describe("The same for each namespace."),
	requests: z.object({ resume: text$1(128).optional().describe("Each new non-empty value resumes, once, what status.halted holds back; removing it asks for nothing. A value present at creation counts as answered.") }).default({}).describe("Things a person asks for once.")
}).meta(cel({
	rule: `self.instanceTypes.all(t, self.images.exists(i, i.architecture == (has(t.architecture) ? t.architecture : '${DEFAULT_ARCHITECTURE}')))`,
	message: "images must hold one for the architecture of each instance type; add the image or remove the type",
	fieldPath: ".images"
}, {
	rule: "!self.capacityTypes.exists(c, c == 'Spot') || self.stopBehavior == 'Terminate'",
	message: "Spot in capacityTypes requires stopBehavior: Terminate; set it, or remove Spot",
	fieldPath: ".stopBehavior"
}, {
	rule: "!has(self.maxInstances) || !has(self.maxInstancesPerNamespace) || self.maxInstancesPerNamespace <= self.maxInstances",
	message: "maxInstancesPerNamespace must not exceed maxInstances; lower it or raise maxInstances",
	fieldPath: ".maxInstancesPerNamespace"
})).describe("What the platform team decides for Workspaces of this class.");
const className = objectName;
// src/api/workspace.ts
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const workspaceSpec = z.object({
	className: className.describe("Name of the WorkspaceClass."),
	envFrom: z.array(z.object({ secretRef: z.object({
		name: objectName.describe("Name of a Secret in the same namespace."),
		optional: z.boolean().optional().describe("Whether the Secret may be missing; it may not unless true.")
	}).describe("The Secret.") }).describe("A Secret, each key of which becomes an environment variable.")).max(32).default([]).describe("Secrets for the agent’s environment, in order: a later one wins over an earlier one."),
	env: z.array(z.object({
		name: text$1(256).min(1).regex(ENV_NAME).describe("Name of the variable."),
		value: text$1(32768).default("").describe("Its value, as it is: no $(…) expansion.")
	}).describe("An environment variable.")).max(128).default([]).meta(listMap("name")).describe("Plain environment variables; they win over envFrom. Not for secrets."),
	operatingMode: z.enum(["Running", "Stopped"]).default("Running").describe("Whether the instance should run. Stopped stops it, or ends it where the class says so or it is Spot; its disk stays with a stopped one."),
	instanceType: instanceTypeName.optional().describe("One of the class’s instance types; without it the class’s order of preference decides."),
	paused: z.boolean().default(false).describe("Observe and report, but change nothing. Deletion goes on."),
	requests: z.object({ restart: text$1(128).optional().describe("Each new non-empty value asks for one restart on a new instance; removing it asks for nothing. A value present at creation counts as answered.") }).default({}).describe("Things a person asks for once.")
}).describe("What the Workspace should be.");
const instanceState = text$1(32).describe("The state in EC2’s own word (pending, running, shutting-down, terminated, stopping, stopped), or Unknown when EC2 does not show the instance.");
const causeKind = z.enum([
	"Created",
	"SecretChanged",
	"EnvChanged",
	"SpecChanged",
	"ClassChanged",
	"Restart",
	"Ended",
	"Interrupted",
	"TimedOut",
	"HeartbeatLost",
	"Impaired",
	"Lost",
	"Refused"
]);
const cause = z.object({
	kind: causeKind.describe("Created, SecretChanged, EnvChanged, SpecChanged and ClassChanged spend a generation; Restart a request; Ended, Interrupted, TimedOut, HeartbeatLost, Impaired, Lost and Refused the recorded end of an earlier launch."),
	ref: text$1(128).describe("What was spent: the desired generation, the request’s value, or the number of the launch that ended.")
}).describe("The one thing that this launch spends.");
const outcome = z.enum([
	"Superseded",
	"Deleted",
	"Closed",
	"Stopped",
	"Ended",
	"Interrupted",
	"TimedOut",
	"HeartbeatLost",
	"Impaired",
	"Lost",
	"Refused"
]);
const launch = z.object({
	number: z.int().min(0).describe("Number of the launch; 0 before the first. It only grows."),
	generation: z.int().min(0).describe("desired.generation that the launch carries out."),
	cause: cause.optional(),
	phase: z.enum([
		"Waiting",
		"Submitted",
		"Stopped",
		"Closed"
	]).describe("Waiting: decided, its predecessor is not proven gone. Submitted: RunInstances may be under way or done. Stopped: its instance is stopped on purpose. Closed: never sent, never will be."),
	openedAt: timestamp.optional().describe("When the launch was decided."),
	submittedAt: timestamp.optional().describe("When the launch was armed: from then on RunInstances may be called."),
	deadline: timestamp.optional().describe("When the first heartbeat must have come."),
	after: z.object({ boot: z.int().min(0).describe("Boot counter of the newest heartbeat known then.") }).optional().describe("Set with each start of the stopped instance: only a heartbeat of a later boot says that it lives, or what it holds."),
	readyAt: timestamp.optional().describe("When its first heartbeat was seen."),
	machine: text$1(128).optional().describe("The desired.machine that the launch carries out."),
	params: launchParams.optional(),
	instanceID: text$1(64).optional().describe("Id of its instance."),
	failures: z.int().min(0).default(0).describe("How many launches in a row ended unexpectedly before this one; repair backs off by it."),
	ended: z.object({
		outcome: outcome.describe("How it ended."),
		at: timestamp.describe("When that was seen."),
		refusal: z.enum([
			"capacity",
			"quota",
			"userFix"
		]).optional().describe("For Refused: what kind of refusal it was."),
		message: text$1(1024).optional().describe("What EC2 said.")
	}).optional().describe("Set once the launch ended other than by the operator’s decision."),
	sender: text$1(64).optional().describe("The process that last took charge of sending this launch.")
}).describe("The one launch that may live.");
const workspaceStatus = z.object({
	observedGeneration: z.int().min(-1).default(-1).describe("metadata.generation that the status was computed from; −1 before the first time."),
	uid: text$1(64).optional().describe("metadata.uid of the Workspace that the status was written for. One that came with another object, as from a backup, is not believed."),
	desired: z.object({
		generation: z.int().min(0).describe("Grows by one with each change that counts."),
		env: text$1(128).describe("Digest of the environment, with the id of its key."),
		machine: text$1(128).describe("Digest of what only a new instance can take up."),
		cause: causeKind.describe("What the generation came from."),
		changed: z.array(text$1(512)).max(32).optional().describe("Names of what changed, never values."),
		at: timestamp.describe("When the change counted.")
	}).optional().describe("What the instance should be, as digests."),
	handled: z.object({ restart: text$1(128).optional().describe("The restart request that was last answered.") }).optional().describe("Requests that were answered."),
	launch: launch.optional(),
	terminating: z.array(z.object({
		number: z.int().min(1).describe("Number of the launch."),
		instanceID: text$1(64).describe("Id of its instance.")
	}).describe("A superseded launch.")).max(16).optional().describe("Superseded launches whose instances are not proven gone."),
	instance: z.object({
		id: text$1(64).describe("Instance id."),
		state: instanceState,
		type: text$1(64).optional().describe("Instance type."),
		zone: text$1(64).optional().describe("Availability zone."),
		privateIP: text$1(64).optional().describe("Private IPv4 address."),
		env: text$1(128).optional().describe("Digest of the environment that the instance holds.")
	}).optional().describe("The instance of the present launch as EC2 last showed it."),
	provisions: z.int().min(0).default(0).describe("How many instances were ever provisioned for this Workspace."),
	conditions: z.array(condition).max(16).optional().meta(listMap("type")).describe("Conditions of the Workspace; Ready is the summary."),
	history: z.array(z.object({
		number: z.int().min(1).describe("Number of the launch."),
		generation: z.int().min(0).describe("desired.generation that it carried out."),
		cause,
		outcome: outcome.describe("How it ended."),
		instanceID: text$1(64).optional().describe("Id of its instance, if it had one."),
		endedAt: timestamp.describe("When the end was seen."),
		readyAt: timestamp.optional().describe("When its first heartbeat was seen; absent when none ever came."),
		message: text$1(1024).optional().describe("What EC2 said of the end, or how the console ended; no secrets.")
	}).describe("A launch that is over.")).max(5).optional().describe("The last launches that are over, newest first.")
}).describe("What the operator last saw and decided; written by the operator alone.");
// src/api/workspaceClassStatus.ts
const count = z.int().min(0);
const rollout = z.object({
	startedAt: timestamp.describe("When the first of these replacements was due."),
	total: count.describe("Workspaces that it has replaced, is replacing or has yet to replace."),
	updated: count.describe("Of them, replaced and Ready."),
	estimatedEndAt: timestamp.optional().describe("When it ends at its present pace; absent until the first is replaced, and while it is halted."),
	endedAt: timestamp.optional().describe("When nothing was left to replace.")
}).describe("The present roll-out of changes to running instances, or the last one.");
const halt = z.object({
	content: text$1(160).describe("What is not rolled out any further: a digest, as content is compared by."),
	since: timestamp.describe("When it was halted."),
	message: text$1(4096).describe("What failed, with the end of its console.")
}).describe("Content that is not rolled out any further.");
const workspaceClassStatus = z.object({
	observedGeneration: z.int().min(-1).default(-1).describe("metadata.generation that the status was computed from; −1 before the first time."),
	conditions: z.array(condition).max(16).optional().meta(listMap("type")).describe("Conditions of the class; Ready is the summary."),
	counts: z.object({
		total: count.describe("Workspaces of the class."),
		current: count.describe("Of them, Ready and up to date, or stopped as they should be."),
		updating: count.describe("Of them, being launched or replaced, or waiting for it."),
		failing: count.describe("Of them, not Ready, or kept from an update, for another reason.")
	}).optional().describe("How many Workspaces are in which state."),
	resolvedImages: z.array(z.object({
		architecture: text$1(16).describe("CPU architecture."),
		id: text$1(64).describe("AMI id.")
	}).describe("An image as it resolved.")).max(4).optional().meta(listMap("architecture")).describe("The images as they last resolved; with imageUpdatePolicy Automatic, those that instances should have."),
	rollout: rollout.optional(),
	halted: z.array(halt).max(8).optional().meta(listMap("content")).describe("What is not rolled out any further, as it failed again and again: until it is changed, or resumed by spec.requests.resume."),
	handled: z.object({
		resume: text$1(128).optional().describe("The request to resume that was last answered."),
		resumedAt: timestamp.optional().describe("When that was; failures before it halt nothing any more.")
	}).optional().describe("Requests that were answered.")
}).describe("What the operator last saw of the class; written by the operator alone.");
// src/api/decode.ts
const metadata = z.custom((value) => typeof value === "object" && value !== null);
const workspace = z.object({
	metadata: metadata.refine((it) => it.namespace !== void 0, "metadata.namespace is missing"),
	spec: workspaceSpec,
	status: workspaceStatus.optional()
});
const workspaceClass = z.object({
	metadata,
	spec: workspaceClassSpec,
	status: workspaceClassStatus.optional()
});
function decodeWorkspace(raw) {
	const { metadata, spec, status } = workspace.parse(raw);
	const namespace = metadata.namespace ?? "";
	return {
		apiVersion: API_VERSION,
		kind: "Workspace",
		metadata: {
			...metadata,
			namespace
		},
		spec,
		status
	};
}
function decodeWorkspaceClass(raw) {
	return {
		apiVersion: API_VERSION,
		kind: "WorkspaceClass",
		...workspaceClass.parse(raw)
	};
}
// src/controller/errors.ts
var TransportError = class extends Error {
	name = "TransportError";
	code;
	method;
	path;
	constructor(code, method, path, detail, options) {
		super(`${method} ${path}: ${detail} (${code})`, options);
		this.code = code;
		this.method = method;
		this.path = path;
	}
};
var ApiError = class extends Error {
	name = "ApiError";
	status;
	reason;
	method;
	path;
	retryAfterMs;
	causes;
	constructor(method, path, answer) {
		const status = statusOf(answer.body);
		const said = mayQuote(path) ? (status.message ?? "").slice(0, 1024) : "";
		super(`${method} ${path}: ${answer.status} ${status.reason ?? ""}${said && `: ${said}`}`.trim());
		this.status = answer.status;
		this.reason = status.reason ?? "";
		this.method = method;
		this.path = path;
		this.retryAfterMs = retryAfter(answer.headers?.["retry-after"], status.details?.retryAfterSeconds);
		this.causes = mayQuote(path) ? status.details?.causes ?? [] : withoutMessages(status.details?.causes);
	}
};
function statusOf(body) {
	return typeof body === "object" && body !== null && "kind" in body && body.kind === "Status" ? body : {};
}
function mayQuote(path) {
	return !/\/secrets(\/|$)/.test(path);
}
function withoutMessages(causes) {
	return (causes ?? []).map(({ field, reason }) => ({
		field,
		reason
	}));
}
function retryAfter(header, detail) {
	const seconds = header !== void 0 && /^\d+$/.test(header) ? Number(header) : detail;
	return seconds === void 0 ? void 0 : seconds * 1e3;
}
function isApiError(error, ...statuses) {
	return error instanceof ApiError && (statuses.length === 0 || statuses.includes(error.status));
}
function isConflict(error) {
	return isApiError(error, 409) && error.reason !== "AlreadyExists";
}
function isAlreadyExists(error) {
	return isApiError(error, 409) && error.reason === "AlreadyExists";
}
function isNotFound(error) {
	return isApiError(error, 404);
}
function isGone(error) {
	return isApiError(error, 410);
}
function isForbidden(error) {
	return isApiError(error, 403);
}
function isNamespaceTerminating(error) {
	return isForbidden(error) && error.causes.some((cause) => cause.reason === "NamespaceTerminating");
}
// src/clusterIdentity.ts
const NAMESPACES$1 = {
	group: "",
	version: "v1",
	plural: "namespaces",
	namespaced: false
};
const CONFIG_MAPS$1 = {
	group: "",
	version: "v1",
	plural: "configmaps",
	namespaced: true
};
const RECORD = "workspace-operator-cluster";
const record = z.object({ data: z.object({ clusterID: z.string().min(1) }) });
var WrongClusterError = class extends Error {
	name = "WrongClusterError";
};
async function readClusterID(kube, namespace) {
	const clusterID = (await kube.get(NAMESPACES$1, "kube-system")).metadata.uid;
	const recorded = await readRecord(kube, namespace) ?? await writeRecord(kube, namespace, clusterID);
	if (recorded !== clusterID) throw new WrongClusterError(`ConfigMap ${namespace}/${RECORD} names cluster ${recorded}, but this is cluster ${clusterID}: the namespace was copied from another cluster. Delete that ConfigMap only when no Workspace here has an instance that the other cluster launched.`);
	return clusterID;
}
async function readRecord(kube, namespace) {
	try {
		return record.parse(await kube.get(CONFIG_MAPS$1, RECORD, namespace)).data.clusterID;
	} catch (error) {
		if (isNotFound(error)) return void 0;
		throw error;
	}
}
async function writeRecord(kube, namespace, clusterID) {
	const metadata = {
		name: RECORD,
		namespace
	};
	try {
		await kube.create(CONFIG_MAPS$1, {
			apiVersion: "v1",
			kind: "ConfigMap",
			metadata,
			data: { clusterID }
		}, namespace);
		return clusterID;
	} catch (error) {
		if (!isAlreadyExists(error)) throw error;
		return readRecord(kube, namespace);
	}
}
// src/controller/backoff.ts
function createBackoff({ random, minMs, maxMs }) {
	let step = minMs * 2;
	return {
		next() {
			const delay = step * (.5 + random.next() / 2);
			step = Math.min(maxMs, step * 2);
			return delay;
		},
		reset() {
			step = minMs * 2;
		}
	};
}
Object.freeze({
	now: () => Date.now(),
	monotonic: () => performance.now(),
	setTimeout(fn, ms) {
		const handle = setTimeout(fn, ms);
		return { cancel: () => clearTimeout(handle) };
	}
});
function sleep(clock, ms, signal) {
	return new Promise((resolve) => {
		if (signal?.aborted) return resolve();
		const done = () => {
			timer.cancel();
			signal?.removeEventListener("abort", done);
			resolve();
		};
		const timer = clock.setTimeout(done, ms);
		signal?.addEventListener("abort", done, { once: true });
	});
}
// src/controller/kubeClient.ts
const ACCEPT_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const ACCEPT_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
function resourcePath(resource, target = {}) {
	const parts = [resource.group === "" ? "/api" : `/apis/${resource.group}`, resource.version];
	if (resource.namespaced && target.namespace !== void 0) parts.push("namespaces", encodeURIComponent(target.namespace));
	parts.push(resource.plural);
	if (target.name !== void 0) parts.push(encodeURIComponent(target.name));
	if (target.subresource !== void 0) parts.push(target.subresource);
	return parts.join("/");
}
function listQuery(options) {
	const query = {};
	if (options.labelSelector !== void 0) query.labelSelector = options.labelSelector;
	if (options.fieldSelector !== void 0) query.fieldSelector = options.fieldSelector;
	if (options.limit !== void 0) query.limit = String(options.limit);
	if (options.continue !== void 0) query.continue = options.continue;
	else if (options.resourceVersion !== void 0) query.resourceVersion = options.resourceVersion;
	return query;
}
function kubeClient(transport, options) {
	const { clock, timeoutMs = 15e3, maxRetries = 5, maxRetryAfterMs = 3e4 } = options;
	async function send(request) {
		for (let attempt = 0;; attempt++) {
			const failure = await once({
				timeoutMs,
				...request
			});
			if (!(failure instanceof Error)) return failure.body;
			const wait = attempt < maxRetries && !request.signal?.aborted ? retryIn(request, failure) : void 0;
			if (wait === void 0 || wait > maxRetryAfterMs) throw failure;
			await sleep(clock, wait, request.signal);
			if (request.signal?.aborted) throw failure;
		}
	}
	async function once(request) {
		try {
			const response = await transport.request(request);
			return response.status >= 400 ? new ApiError(request.method, request.path, response) : response;
		} catch (error) {
			if (error instanceof TransportError) return error;
			throw error;
		}
	}
	function path(resource, name, namespace, subresource) {
		if (resource.namespaced && name !== void 0 && namespace === void 0) throw new TypeError(`${resource.plural} "${name}": a namespaced object needs its namespace`);
		return resourcePath(resource, {
			name,
			namespace,
			subresource
		});
	}
	const writeRequest = (write = {}) => ({
		beforeSend: write.beforeSend,
		signal: write.signal
	});
	return {
		async get(resource, name, namespace) {
			return await send({
				method: "GET",
				path: path(resource, name, namespace)
			});
		},
		async list(resource, list = {}) {
			const request = {
				method: "GET",
				path: path(resource, void 0, list.namespace),
				query: listQuery(list),
				accept: list.metadataOnly ? ACCEPT_METADATA_LIST : void 0
			};
			return listPage(request, await send(request));
		},
		async create(resource, body, namespace, write) {
			return await send({
				method: "POST",
				path: path(resource, void 0, namespace),
				body,
				...writeRequest(write)
			});
		},
		async replace(resource, body, write) {
			return await send({
				method: "PUT",
				path: path(resource, body.metadata.name, body.metadata.namespace),
				body,
				...writeRequest(write)
			});
		},
		async mergePatch(resource, target, patch, write) {
			return await send({
				method: "PATCH",
				path: path(resource, target.name, target.namespace, target.subresource),
				body: patch,
				contentType: "application/merge-patch+json",
				...writeRequest(write)
			});
		},
		async delete(resource, name, namespace, write) {
			await send({
				method: "DELETE",
				path: path(resource, name, namespace),
				...writeRequest(write)
			});
		}
	};
}
function retryIn(request, failure) {
	if (isApiError(failure, 429)) return failure.retryAfterMs;
	if (request.method !== "GET") return void 0;
	if (isApiError(failure, 503)) return failure.retryAfterMs;
	if (failure instanceof TransportError && /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(failure.code)) return 0;
}
function listPage(request, body) {
	const list = body;
	if (!list?.metadata?.resourceVersion) throw new TransportError("BAD_BODY", request.method, request.path, "the answer is not a list");
	const page = {
		items: list.items ?? [],
		resourceVersion: list.metadata.resourceVersion
	};
	if (list.metadata.continue) page.continue = list.metadata.continue;
	return page;
}
async function listAll(client, resource, options = {}) {
	const items = [];
	const { limit = 500, ...rest } = options;
	let page = await client.list(resource, {
		...rest,
		limit
	});
	items.push(...page.items);
	while (page.continue !== void 0) {
		try {
			page = await client.list(resource, {
				...rest,
				limit,
				continue: page.continue
			});
		} catch (error) {
			if (!isGone(error)) throw error;
			return client.list(resource, rest);
		}
		items.push(...page.items);
	}
	return {
		items,
		resourceVersion: page.resourceVersion
	};
}
// src/controller/decodeObject.ts
function dropManagedFields(raw) {
	delete raw.metadata.managedFields;
	return raw;
}
function keepMetadataOnly(raw) {
	const { managedFields: _, annotations: __, ...metadata } = raw.metadata;
	return {
		apiVersion: raw.apiVersion,
		kind: raw.kind,
		metadata
	};
}
function isKubeObject(value) {
	if (typeof value !== "object" || value === null || !("metadata" in value)) return false;
	const metadata = value.metadata;
	return typeof metadata === "object" && metadata !== null && "name" in metadata && typeof metadata.name === "string" && "resourceVersion" in metadata && typeof metadata.resourceVersion === "string";
}
function decodeProblem(error) {
	if (error instanceof Error && "issues" in error && Array.isArray(error.issues)) return error.issues.map(({ path = [], code = "invalid" }) => `${path.map(String).join(".")}: ${code}`).join("; ");
	return error instanceof Error ? error.name : typeof error;
}
// src/controller/resourceVersion.ts
function compareResourceVersions(a, b) {
	if (a.length !== b.length) return a.length - b.length;
	return a < b ? -1 : a > b ? 1 : 0;
}
// src/controller/freeze.ts
function freezeDeep(value) {
	if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
	Object.freeze(value);
	for (const child of Object.values(value)) freezeDeep(child);
	return value;
}
// src/controller/storeIndexes.ts
function createIndexes(functions) {
	const indexes = Object.entries(functions).map(([name, of]) => ({
		name,
		of,
		keys: new Map()
	}));
	return {
		replace(key, old, now) {
			for (const index of indexes) {
				for (const value of old ? index.of(old) : []) {
					const keys = index.keys.get(value);
					keys?.delete(key);
					if (keys?.size === 0) index.keys.delete(value);
				}
				for (const value of now ? index.of(now) : []) {
					const keys = index.keys.get(value);
					if (keys) keys.add(key);
					else index.keys.set(value, new Set([key]));
				}
			}
		},
		keys(name, value) {
			const index = indexes.find((candidate) => candidate.name === name);
			if (!index) throw new RangeError(`the store has no index "${name}"`);
			return [...index.keys.get(value) ?? []];
		}
	};
}
// src/controller/store.ts
function objectKey(object) {
	const { namespace, name } = object.metadata;
	return namespace === void 0 ? name : `${namespace}/${name}`;
}
function createStore(options = {}) {
	const objects = new Map();
	const tombstones = new Map();
	const indexes = createIndexes(options.indexes ?? {});
	const listeners = new Set();
	let synced;
	const isAbove = (version, floor) => floor === void 0 || compareResourceVersions(version, floor) > 0;
	const isBelow = (version, floor) => floor !== void 0 && compareResourceVersions(version, floor) < 0;
	function isNews(key, version) {
		const held = objects.get(key);
		if (held) return isAbove(version, held.metadata.resourceVersion);
		return isAbove(version, tombstones.get(key)) && isAbove(version, synced);
	}
	const differs = (key, { metadata }) => objects.get(key)?.metadata.resourceVersion !== metadata.resourceVersion;
	function isListed(key, item, version) {
		if (isNews(key, item.metadata.resourceVersion)) return true;
		const held = objects.get(key)?.metadata.resourceVersion;
		if (held !== void 0) return differs(key, item) && !isAbove(held, version);
		const deletedAt = tombstones.get(key);
		return !isBelow(version, synced) && (deletedAt === void 0 || !isAbove(deletedAt, version));
	}
	function put(key, object) {
		const old = objects.get(key);
		freezeDeep(object);
		objects.set(key, object);
		indexes.replace(key, old, object);
		tombstones.delete(key);
		if (!old) return [{
			type: "added",
			object
		}];
		if (old.metadata.uid === object.metadata.uid) return [{
			type: "updated",
			object,
			old
		}];
		return [{
			type: "deleted",
			object: old,
			old
		}, {
			type: "added",
			object
		}];
	}
	function remove(key, last) {
		const old = objects.get(key);
		if (!old) return [];
		objects.delete(key);
		indexes.replace(key, old, void 0);
		return [{
			type: "deleted",
			object: last ? freezeDeep(last) : old,
			old
		}];
	}
	function advance(version) {
		if (!isAbove(version, synced)) return;
		synced = version;
		for (const [key, deletedAt] of tombstones) if (!isAbove(deletedAt, synced)) tombstones.delete(key);
	}
	function announce(events) {
		const errors = [];
		for (const event of events) for (const listener of listeners) try {
			listener(event);
		} catch (error) {
			errors.push(error);
		}
		if (errors.length > 0) throw new AggregateError(errors, "a listener of the store threw");
	}
	function take(items, version, believe) {
		const events = [];
		const listed = new Set();
		for (const item of items) {
			const key = objectKey(item);
			listed.add(key);
			if (believe ? differs(key, item) : isListed(key, item, version)) events.push(...put(key, item));
		}
		for (const [key, held] of objects) {
			if (listed.has(key) || !believe && isAbove(held.metadata.resourceVersion, version)) continue;
			events.push(...remove(key, void 0));
		}
		if (believe) {
			tombstones.clear();
			synced = version;
		} else advance(version);
		announce(events);
	}
	return {
		get: (key) => objects.get(key),
		list: () => [...objects.values()],
		keys: () => [...objects.keys()],
		size: () => objects.size,
		byIndex: (name, value) => indexes.keys(name, value).flatMap((key) => objects.get(key) ?? []),
		applyWrite(object) {
			const key = objectKey(object);
			if (!isNews(key, object.metadata.resourceVersion)) return false;
			announce(put(key, object));
			return true;
		},
		applyDelete(object) {
			const key = objectKey(object);
			const version = object.metadata.resourceVersion;
			const held = objects.get(key);
			if (held && compareResourceVersions(version, held.metadata.resourceVersion) < 0) return false;
			if (isAbove(version, synced) && isAbove(version, tombstones.get(key))) tombstones.set(key, version);
			announce(remove(key, object));
			return held !== void 0;
		},
		applyList: (items, version) => take(items, version, false),
		showsOlder: (items, version) => items.some((item) => {
			const held = objects.get(objectKey(item))?.metadata.resourceVersion;
			return held !== void 0 && !isAbove(held, version) && isBelow(item.metadata.resourceVersion, held);
		}),
		reset: (items, version) => take(items, version, true),
		advance,
		resourceVersion: () => synced,
		onChange(listener) {
			listeners.add(listener);
			return () => void listeners.delete(listener);
		}
	};
}
// src/controller/watchStream.ts
async function* watchStream(options) {
	const { transport, clock, path, idleTimeoutMs, signal } = options;
	const closing = new AbortController();
	const close = () => closing.abort(signal.reason);
	signal.addEventListener("abort", close, { once: true });
	if (signal.aborted) close();
	let idle = false;
	let watchdog;
	const listen = () => {
		watchdog?.cancel();
		watchdog = clock.setTimeout(() => {
			idle = true;
			closing.abort();
		}, idleTimeoutMs);
	};
	const request = {
		method: "GET",
		path,
		query: {
			...options.query,
			watch: "true",
			allowWatchBookmarks: "true"
		},
		accept: options.accept,
		signal: closing.signal,
		timeoutMs: idleTimeoutMs
	};
	try {
		listen();
		const answer = await transport.stream(request);
		if (answer.status >= 400) throw new ApiError("WATCH", path, answer);
		for await (const line of answer.lines) {
			listen();
			yield parseEvent(path, line);
		}
	} catch (error) {
		if (!idle) throw error;
		throw new TransportError("TIMEOUT", "WATCH", path, `nothing heard for ${idleTimeoutMs} ms, not even a bookmark`, { cause: error });
	} finally {
		watchdog?.cancel();
		signal.removeEventListener("abort", close);
		closing.abort();
	}
}
function parseEvent(path, line) {
	const event = line;
	const object = event?.object;
	if (event?.type === "ERROR") {
		const code = object?.code;
		throw new ApiError("WATCH", path, {
			status: typeof code === "number" ? code : 500,
			body: object
		});
	}
	if (event?.type === "BOOKMARK") {
		const version = object?.metadata?.resourceVersion;
		if (typeof version === "string") return {
			type: "BOOKMARK",
			resourceVersion: version
		};
	}
	if (event?.type === "ADDED" || event?.type === "MODIFIED" || event?.type === "DELETED") {
		if (isKubeObject(object)) return {
			type: event.type,
			object
		};
	}
	throw new TransportError("BAD_BODY", "WATCH", path, "a line is not a watch event");
}
// src/controller/reflector.ts
const HEALTHY_AFTER_MS = 5e3;
function startReflector(options) {
	const { transport, resource, store, clock, random, metrics, namespace } = options;
	const { pageSize = 500, idleTimeoutMs = 9e4, watchTimeoutMs = 3e5, rollbackAfterMs = 3e4 } = options;
	const { labelSelector, fieldSelector, metadataOnly = false } = options;
	const transform = options.transform ?? (metadataOnly ? keepMetadataOnly : dropManagedFields);
	const name = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
	const labels = { name };
	const logger = options.logger.child({ resource: name });
	const client = kubeClient(transport, {
		clock,
		maxRetries: 0,
		timeoutMs: idleTimeoutMs
	});
	const backoff = createBackoff({
		random,
		minMs: 800,
		maxMs: 3e4
	});
	const stopping = new AbortController();
	const { signal } = stopping;
	const syncWaiters = new Set();
	let listCause = "start";
	let staleSince;
	let cut = new AbortController();
	let relists = 0;
	let synced = false;
	let listedAt = Number.NEGATIVE_INFINITY;
	let lastError;
	let lastContact;
	function heard() {
		lastContact = clock.monotonic();
		lastError = void 0;
	}
	function decode(raw) {
		try {
			const object = transform(raw);
			return options.decode ? options.decode(object) : object;
		} catch (error) {
			metrics.reflectorUndecodable.inc(labels);
			logger.warn({
				key: objectKey(raw),
				problem: decodeProblem(error)
			}, "an object does not match its schema and is left out until it does; the version held before stays");
			return;
		}
	}
	function heldAt(raw) {
		const held = store.get(objectKey(raw));
		const { resourceVersion } = raw.metadata;
		return held && {
			...held,
			metadata: {
				...held.metadata,
				resourceVersion
			}
		};
	}
	function apply(change) {
		try {
			change();
		} catch (error) {
			logger.error({ err: error }, "a listener of the store failed");
		}
	}
	async function list(cause) {
		const selectors = {
			namespace,
			labelSelector,
			fieldSelector,
			metadataOnly
		};
		const relistsBefore = relists;
		const answer = await listAll(client, resource, {
			...selectors,
			limit: pageSize
		});
		if (signal.aborted) return;
		metrics.reflectorLists.inc({
			...labels,
			cause
		});
		const version = answer.resourceVersion;
		const seen = store.resourceVersion();
		const isStale = seen !== void 0 && compareResourceVersions(version, seen) < 0;
		if (isStale) {
			staleSince ??= clock.monotonic();
			if (clock.monotonic() - staleSince < rollbackAfterMs) {
				listCause = "stale";
				throw new Error(`list of ${name} is at ${version}, but ${seen} was seen before: the server lags`);
			}
			logger.error({
				version,
				seen
			}, "the API server went back to an older state (a restored backup?)");
		}
		const items = answer.items.filter(isKubeObject).flatMap((raw) => {
			return decode(raw) ?? store.get(objectKey(raw)) ?? [];
		});
		const wentBack = isStale || store.showsOlder(items, version);
		apply(() => isStale ? store.reset(items, version) : store.applyList(items, version));
		staleSince = void 0;
		listCause = relists === relistsBefore ? void 0 : "set_back";
		if (wentBack) options.onSetBack?.();
		listedAt = clock.monotonic();
		heard();
		if (!synced) logger.info({
			objects: items.length,
			version
		}, "synced");
		synced = true;
		for (const wake of syncWaiters) wake();
	}
	async function watch(from) {
		const seconds = Math.ceil(watchTimeoutMs * (1 + random.next()) / 1e3);
		const query = {
			...listQuery({
				labelSelector,
				fieldSelector,
				resourceVersion: from
			}),
			timeoutSeconds: String(seconds)
		};
		metrics.reflectorWatches.inc(labels);
		cut = new AbortController();
		const ended = AbortSignal.any([signal, cut.signal]);
		const events = watchStream({
			transport,
			clock,
			path: resourcePath(resource, { namespace }),
			query,
			accept: metadataOnly ? ACCEPT_METADATA : void 0,
			idleTimeoutMs,
			signal: ended
		});
		for await (const event of events) {
			if (ended.aborted) return;
			heard();
			if (event.type === "BOOKMARK") {
				if (compareResourceVersions(event.resourceVersion, from) < 0) {
					const detail = `a bookmark at ${event.resourceVersion}, below the version asked for`;
					throw new TransportError("SET_BACK", "WATCH", resourcePath(resource, { namespace }), detail);
				}
				store.advance(event.resourceVersion);
				continue;
			}
			const version = event.object.metadata.resourceVersion;
			const isDeletion = event.type === "DELETED";
			const object = decode(event.object) ?? (isDeletion ? heldAt(event.object) : void 0);
			if (object) apply(() => isDeletion ? store.applyDelete(object) : store.applyWrite(object));
			store.advance(version);
		}
	}
	function failed(error) {
		lastError = error instanceof Error ? error : new Error(String(error));
		const why = relistCause(error);
		if (why !== void 0) listCause = why;
		const cause = error instanceof ApiError ? String(error.status) : causeCode(error);
		metrics.reflectorFailures.inc({
			...labels,
			cause
		});
		if (why === "expired") logger.info("the version to resume at is compacted; listing anew");
		else logger.warn({
			err: error,
			relist: listCause !== void 0
		}, "out of touch with the API server; trying again");
	}
	async function round() {
		if (listCause !== void 0) await list(listCause);
		const from = store.resourceVersion();
		if (from === void 0 || signal.aborted || listCause !== void 0) return 0;
		const startedAt = clock.monotonic();
		try {
			await watch(from);
		} catch (error) {
			if (!signal.aborted && !cut.signal.aborted) failed(error);
		}
		return clock.monotonic() - startedAt;
	}
	async function run() {
		while (!signal.aborted) {
			const lived = await round().catch((error) => {
				if (!signal.aborted) failed(error);
				return 0;
			});
			if (lived >= HEALTHY_AFTER_MS) backoff.reset();
			const expired = listCause === "expired" && clock.monotonic() - listedAt >= HEALTHY_AFTER_MS;
			if (lived >= HEALTHY_AFTER_MS || expired) continue;
			const asked = isApiError(lastError) ? lastError.retryAfterMs ?? 0 : 0;
			await sleep(clock, Math.max(asked, backoff.next()), signal);
		}
	}
	const running = run();
	return {
		hasSynced: () => synced,
		lastError: () => lastError,
		lastContact: () => lastContact,
		relist() {
			relists += 1;
			listCause ??= "set_back";
			cut.abort();
		},
		waitForSync(giveUp) {
			return new Promise((resolve) => {
				const settle = () => {
					syncWaiters.delete(settle);
					giveUp?.removeEventListener("abort", settle);
					signal.removeEventListener("abort", settle);
					resolve(synced);
				};
				if (synced || giveUp?.aborted || signal.aborted) return settle();
				syncWaiters.add(settle);
				giveUp?.addEventListener("abort", settle);
				signal.addEventListener("abort", settle);
			});
		},
		async stop() {
			stopping.abort(new Error("stopped"));
			await running;
		}
	};
}
function relistCause(error) {
	if (isGone(error) || error instanceof ApiError && /^(Expired|Gone)$/.test(error.reason)) return "expired";
	if (error instanceof ApiError && error.causes.some((cause) => cause.reason === "ResourceVersionTooLarge")) return "too_large";
	if (error instanceof TransportError && error.code === "TIMEOUT") return "silent";
	if (error instanceof TransportError && error.code === "SET_BACK") return "set_back";
	if (error instanceof TransportError && error.code === "BAD_BODY") return "bad_body";
}
function causeCode(error) {
	return error instanceof TransportError ? error.code : "other";
}
// src/gateway/keys.ts
const KEY_KINDS = [
	"digest",
	"ticket",
	"session"
];
const KEY_SECRETS = {
	group: "",
	version: "v1",
	plural: "secrets",
	namespaced: true
};
const ENTRY = /^(digest|ticket|session)\.(k([1-9][0-9]{0,4})(?:x[0-9a-f]{8})?)$/;
const keySecret = z.object({ data: z.record(z.string(), z.base64()).optional() });
function newKeyID(number, random) {
	return `k${number}x${random.bytes(4).toString("hex")}`;
}
function entryName({ kind, id }) {
	return `${kind}.${id}`;
}
async function loadKeyEntries(kube, secret, random) {
	const where = `Secret ${secret.namespace}/${secret.name}`;
	const read = () => kube.get(KEY_SECRETS, secret.name, secret.namespace);
	let found;
	try {
		found = await read();
	} catch (error) {
		if (!isNotFound(error)) throw error;
		found = await createOrRead();
	}
	const { entries, faults } = readEntries(found);
	if (faults[0] !== void 0) throw new Error(`${where}: ${faults[0]}; restore it from a backup`);
	createKeyRing(entries, where);
	return entries;
	async function createOrRead() {
		const made = KEY_KINDS.map((kind) => ({
			kind,
			id: newKeyID(1, random),
			key: random.bytes(32)
		}));
		try {
			return await kube.create(KEY_SECRETS, keySecretBody(secret, made), secret.namespace);
		} catch (error) {
			if (!isAlreadyExists(error)) throw error;
			return read();
		}
	}
}
function keySecretBody(metadata, entries) {
	return {
		apiVersion: "v1",
		kind: "Secret",
		metadata,
		type: "Opaque",
		data: Object.fromEntries(entries.map((entry) => [entryName(entry), entry.key.toString("base64")]))
	};
}
function readEntries(secret) {
	const parsed = keySecret.safeParse(secret);
	if (!parsed.success) return {
		entries: [],
		faults: ["its data is not what the Kubernetes API promises"]
	};
	const entries = [];
	const faults = [];
	for (const [name, value] of Object.entries(parsed.data.data ?? {})) {
		const match = ENTRY.exec(name);
		const kind = KEY_KINDS.find((candidate) => candidate === match?.[1]);
		const id = match?.[2];
		if (kind === void 0 || id === void 0) continue;
		const key = Buffer.from(value, "base64");
		if (key.length === 32) entries.push({
			kind,
			id,
			key,
			number: Number(match?.[3])
		});
		else faults.push(`${name} has ${key.length} bytes instead of 32`);
	}
	return {
		entries,
		faults
	};
}
function createKeyRing(entries, where) {
	const keys = new Map();
	const current = new Map();
	for (const entry of entries) {
		keys.set(entryName(entry), entry.key);
		const best = current.get(entry.kind);
		if (!best || isNewer(entry, best)) current.set(entry.kind, entry);
	}
	const newest = (kind) => {
		const entry = current.get(kind);
		if (!entry) throw new Error(`${where} has no ${kind} key (an entry ${kind}.k1x<8 hex digits> of 32 bytes); restore it from a backup`);
		return {
			id: entry.id,
			key: entry.key
		};
	};
	for (const kind of KEY_KINDS) newest(kind);
	return Object.freeze({
		current: newest,
		get: (kind, id) => keys.get(entryName({
			kind,
			id
		}))
	});
}
function isNewer(a, b) {
	return a.number > b.number || a.number === b.number && a.id > b.id;
}
function createLiveKeyRing(options) {
	const { kube, secret, logger } = options;
	const where = `Secret ${secret.namespace}/${secret.name}`;
	const held = new Map(options.entries.map((entry) => [entryName(entry), entry]));
	const listeners = [];
	let ring = createKeyRing(options.entries, where);
	function take(object) {
		const { entries, faults } = readEntries(object);
		for (const fault of faults) logger.error({ fault }, `${where} is damaged; what is held of it here is used`);
		const forgotten = forgottenKeys(object);
		let grown = false;
		for (const entry of entries) {
			const name = entryName(entry);
			const known = held.get(name);
			if (known && !known.key.equals(entry.key)) logger.error({ entry: name }, `${where}: an entry is another key now; the first one is used`);
			if (known) continue;
			held.set(name, entry);
			grown = true;
		}
		const present = new Set(entries.map(entryName));
		for (const name of held.keys()) if (forgotten.has(name) && !present.has(name)) held.delete(name);
		try {
			ring = createKeyRing([...held.values()], where);
		} catch (error) {
			logger.error({ err: error }, "the last key of a kind was to be forgotten; it is used until there is another");
		}
		if (grown) for (const listener of listeners) listener();
	}
	return {
		current: (kind) => ring.current(kind),
		get: (kind, id) => ring.get(kind, id),
		entries: () => [...held.values()],
		take,
		async isGone(kind, id) {
			if (ring.get(kind, id)) return false;
			try {
				take(await kube.get(KEY_SECRETS, secret.name, secret.namespace));
			} catch (error) {
				if (!isNotFound(error)) throw error;
			}
			return ring.get(kind, id) === void 0;
		},
		onNew: (listener) => void listeners.push(listener)
	};
}
function forgottenKeys({ metadata }) {
	return new Set((metadata.annotations?.["compute.molecule.ai/forget-keys"] ?? "").split(",").map((name) => name.trim()));
}
// src/reconcilers/class/deps.ts
const CLASSES = {
	group: "compute.molecule.ai",
	version: "v1alpha1",
	plural: "workspaceclasses",
	namespaced: false
};
// src/reconcilers/workspace/deps.ts
const WORKSPACES = {
	group: "compute.molecule.ai",
	version: "v1alpha1",
	plural: "workspaces",
	namespaced: true
};
// src/reconcilers/workspace/triggers.ts
const WORKSPACE_INDEXES = {
	uid: ({ metadata }) => [metadata.uid],
	class: ({ spec }) => [spec.className],
	namespace: ({ metadata }) => [metadata.namespace],
	secret: ({ metadata, spec }) => spec.envFrom.map(({ secretRef }) => `${metadata.namespace}/${secretRef.name}`)
};
function connectTriggers(stores, queue) {
	const enqueue = (index, value) => {
		for (const workspace of stores.workspaces.byIndex(index, value)) queue.add(objectKey(workspace));
	};
	stores.workspaces.onChange(({ object }) => queue.add(objectKey(object)));
	stores.classes.onChange(({ object, old }) => {
		if (!old || bearing(object) !== bearing(old)) enqueue("class", object.metadata.name);
	});
	stores.secrets.onChange(({ object }) => enqueue("secret", objectKey(object)));
	onLabels(stores.namespaces, ({ metadata }) => enqueue("namespace", metadata.name));
	return (uid) => enqueue("uid", uid);
}
function bearing({ metadata, spec, status }) {
	return JSON.stringify([
		metadata.uid,
		spec,
		status?.resolvedImages,
		status?.halted,
		status?.handled
	]);
}
function onLabels(store, changed) {
	store.onChange(({ object, old }) => {
		if (JSON.stringify(object.metadata.labels) !== JSON.stringify(old?.metadata.labels)) changed(object);
	});
}
// src/cluster.ts
const SECRETS$1 = {
	group: "",
	version: "v1",
	plural: "secrets",
	namespaced: true
};
const NAMESPACES = {
	group: "",
	version: "v1",
	plural: "namespaces",
	namespaced: false
};
const KEY_SECRET = "workspace-operator-keys";
async function joinCluster(platform, signal) {
	const { config, transport, clock, random, logger } = platform;
	const kube = kubeClient(transport, {
		clock,
		timeoutMs: config.kubernetes.timeoutMs
	});
	const { namespace } = config.kubernetes;
	const backoff = createBackoff({
		random,
		minMs: 1e3,
		maxMs: 3e4
	});
	while (!signal.aborted) try {
		const clusterID = await readClusterID(kube, namespace);
		const keySecret = {
			namespace,
			name: KEY_SECRET
		};
		return watchCluster(platform, {
			kube,
			clusterID,
			keys: createLiveKeyRing({
				kube,
				secret: keySecret,
				entries: await loadKeyEntries(kube, keySecret, random),
				logger
			}),
			keySecret
		});
	} catch (error) {
		if (error instanceof WrongClusterError) throw error;
		logger.error({
			err: error,
			namespace
		}, "can not start yet: the API server, or the namespace, is not there; trying again");
		await sleep(clock, backoff.next(), signal);
	}
}
function watchCluster(platform, base) {
	const { transport, clock, random, logger, runtimeMetrics: metrics } = platform;
	const workspaces = createStore({ indexes: WORKSPACE_INDEXES });
	const classes = createStore();
	const secrets = createStore();
	const namespaces = createStore();
	const keySecrets = createStore();
	keySecrets.onChange(({ type, object }) => {
		if (type !== "deleted") base.keys.take(object);
	});
	const reflectors = [];
	function reflect(options) {
		const onSetBack = () => {
			for (const other of reflectors) if (other !== mine) other.relist();
		};
		const mine = startReflector({
			transport,
			clock,
			random,
			logger,
			metrics,
			onSetBack,
			...options
		});
		reflectors.push(mine);
	}
	return {
		...base,
		workspaces,
		classes,
		secrets,
		namespaces,
		keySecrets,
		watch(what) {
			reflect({
				resource: WORKSPACES,
				store: workspaces,
				decode: decodeWorkspace
			});
			reflect({
				resource: CLASSES,
				store: classes,
				decode: decodeWorkspaceClass
			});
			const { namespace, name } = base.keySecret;
			reflect({
				resource: SECRETS$1,
				store: keySecrets,
				namespace,
				fieldSelector: `metadata.name=${name}`
			});
			if (what === "kinds") return;
			reflect({
				resource: SECRETS$1,
				store: secrets,
				metadataOnly: true
			});
			reflect({
				resource: NAMESPACES,
				store: namespaces,
				metadataOnly: true
			});
		},
		hasSynced: () => reflectors.every((reflector) => reflector.hasSynced()),
		async waitForSync(signal) {
			await Promise.all(reflectors.map((reflector) => reflector.waitForSync(signal)));
		},
		async stop() {
			await Promise.all(reflectors.map((reflector) => reflector.stop()));
		}
	};
}
// src/controller/metrics.ts
const RECONCILE_BUCKETS = [
	.005,
	.01,
	.025,
	.05,
	.1,
	.25,
	.5,
	1,
	2.5,
	5,
	10,
	15,
	30,
	60
];
const QUEUE_BUCKETS = [
	1e-5,
	1e-4,
	.001,
	.01,
	.1,
	1,
	10,
	100,
	1e3
];
function createRuntimeMetrics(registry = new Registry()) {
	const registers = [registry];
	const counter = (name, help, labelNames) => new Counter({
		name,
		help,
		labelNames,
		registers
	});
	const gauge = (name, help, labelNames) => new Gauge({
		name,
		help,
		labelNames,
		registers
	});
	const histogram = (name, help, labelNames, buckets) => new Histogram({
		name,
		help,
		labelNames,
		buckets,
		registers
	});
	const queues = new Map();
	const queueGauge = (name, help, read) => new Gauge({
		name,
		help,
		labelNames: ["name", "controller"],
		registers,
		collect() {
			for (const [queue, reading] of queues) this.set({
				name: queue,
				controller: queue
			}, read(reading()));
		}
	});
	queueGauge("workqueue_depth", "Items waiting in the workqueue", (r) => r.depth);
	queueGauge("workqueue_unfinished_work_seconds", "Seconds of work in progress that work_duration has not seen yet; a steady rise is a stuck worker", (r) => r.unfinishedSeconds);
	queueGauge("workqueue_longest_running_processor_seconds", "Seconds that the longest running item has been worked on", (r) => r.longestRunningSeconds);
	const queueLabels = ["name", "controller"];
	return {
		registry,
		trackQueue(name, reading) {
			queues.set(name, reading);
			return () => void queues.delete(name);
		},
		queueAdds: counter("workqueue_adds_total", "Items added to the workqueue", queueLabels),
		queueRetries: counter("workqueue_retries_total", "Rate-limited requeues", queueLabels),
		queueDuration: histogram("workqueue_queue_duration_seconds", "How long an item waits in the workqueue", queueLabels, QUEUE_BUCKETS),
		workDuration: histogram("workqueue_work_duration_seconds", "How long an item is worked on", queueLabels, QUEUE_BUCKETS),
		reconcileTotal: counter("controller_runtime_reconcile_total", "Reconciles by result", ["controller", "result"]),
		reconcileErrors: counter("controller_runtime_reconcile_errors_total", "Reconciles that failed", ["controller"]),
		reconcilePanics: counter("controller_runtime_reconcile_panics_total", "Reconciles that threw a programming error", ["controller"]),
		reconcileTimeouts: counter("controller_runtime_reconcile_timeouts_total", "Reconciles that were aborted for running too long", ["controller"]),
		reconcileTime: histogram("controller_runtime_reconcile_time_seconds", "How long a reconcile takes", ["controller"], RECONCILE_BUCKETS),
		activeWorkers: gauge("controller_runtime_active_workers", "Workers at work", ["controller"]),
		maxConcurrentReconciles: gauge("controller_runtime_max_concurrent_reconciles", "Workers there are", ["controller"]),
		leaderStatus: gauge("leader_election_master_status", "1 while this process holds the lease, else 0", ["name"]),
		leaderSlowpath: counter("leader_election_slowpath_total", "Renewals that had to read the lease before they could write it", ["name"]),
		requests: counter("rest_client_requests_total", "Requests to the API server by answer", [
			"code",
			"method",
			"host"
		]),
		requestDuration: histogram("rest_client_request_duration_seconds", "Time until the answer was read, watches excluded", ["verb", "host"], RECONCILE_BUCKETS),
		reflectorLists: counter("reflector_lists_total", "Complete lists, by resource and what asked for them", ["name", "cause"]),
		reflectorWatches: counter("reflector_watches_total", "Watches begun", ["name"]),
		reflectorFailures: counter("reflector_failures_total", "Lists and watches that failed, by cause", ["name", "cause"]),
		reflectorUndecodable: counter("reflector_undecodable_objects_total", "Objects that did not match their schema and were left out", ["name"]),
		eventsDropped: counter("events_dropped_total", "Events that were not recorded, by cause", ["cause"])
	};
}
// src/config.ts
const DAY_MS = 864e5;
function integer(min, max, value) {
	const read = (given) => typeof given === "string" && /^\d{1,15}$/.test(given.trim()) ? Number(given) : given;
	return z.preprocess(read, z.int({ error: "is not a whole number" }).min(min).max(max)).default(value);
}
const ms = (value) => integer(1, 2 ** 31 - 1, value);
const text = z.string().trim().min(1).max(4096);
const port = (value) => integer(0, 65535, value);
const httpURL = z.url({
	protocol: /^https?$/,
	error: "is not an http:// or https:// URL"
}).max(2048);
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const kubernetes = z.object({
	kubeconfig: text.optional().meta({
		flag: "kubeconfig",
		env: "KUBECONFIG"
	}).describe("Path of a kubeconfig; without it the Pod’s own service account."),
	namespace: text.default("workspace-system").describe("The operator’s own namespace, where its Lease and its keys are."),
	timeoutMs: ms(15e3).describe("Limit of one request to the API server.")
}).describe("Kubernetes");
const aws = z.object({
	region: text.optional().meta({
		env: "AWS_REGION",
		neededBy: "controller"
	}).describe("AWS region. Credentials come from the AWS SDK’s own chain."),
	ec2Endpoint: httpURL.optional().meta({ env: "AWS_ENDPOINT_URL_EC2" }).describe("Base URL of EC2; without it the region’s."),
	ssmEndpoint: httpURL.optional().meta({ env: "AWS_ENDPOINT_URL_SSM" }).describe("Base URL of Systems Manager; without it the region’s."),
	timeoutMs: ms(15e3).describe("Limit of one AWS request, RunInstances among them; what it may still do later is what late-ms waits for."),
	sweepIntervalMs: ms(1e4).describe("Pause between two looks at all instances of the cluster."),
	lookupIntervalMs: ms(2e3).describe("Pause between two looks at launches in flight."),
	statusIntervalMs: ms(3e4).describe("Pause between two looks for instances whose status checks fail."),
	resolveIntervalMs: ms(3e5).describe("How often a class’s images, subnets and security groups are looked up anew."),
	capacityRetryMs: ms(18e4).describe("How long an instance type without capacity in a zone is not asked for again."),
	requestRatePercent: integer(1, 1e5, 100).describe("The account’s API request quotas in percent of AWS’s defaults; what exceeds them waits here.")
}).describe("AWS");
const database = z.object({ url: z.url({
	protocol: /^postgres(ql)?$/,
	error: "is not a postgres:// URL"
}).max(4096).optional().meta({
	env: "DATABASE_URL",
	secret: true,
	neededBy: "both"
}).describe("Postgres for heartbeats. Better in the environment: everyone on the machine can see flags.") }).describe("Database");
const gateway = z.object({
	url: httpURL.refine((url) => url.startsWith("https:") || LOOPBACK.test(new URL(url).hostname), { error: "is not https, and secrets travel there; only a loopback address may do without" }).optional().meta({ neededBy: "controller" }).describe("Where instances find the gateway. It is kept with each launch."),
	caFile: text.optional().describe("PEM bundle that instances check the gateway’s certificate with; without it the system’s."),
	listenHost: text.default("0.0.0.0").describe("Address that the gateway listens on."),
	listenPort: port(8443).describe("Port that the gateway listens on; 0 for any free one."),
	tlsCertFile: text.optional().describe("PEM certificate chain of the gateway; without it plain HTTP."),
	tlsKeyFile: text.optional().describe("PEM key of that certificate."),
	identityCertificatesFile: text.optional().meta({ neededBy: "gateway" }).describe("PEM bundle of the certificates that EC2 signs instance identity documents with; AWS publishes one a region (\"Verify the instance identity document\", EC2 User Guide)."),
	callerPolicy: z.enum(["Review", "Everyone"]).default("Review").describe("Who may report a Workspace or ask for its state: whoever the API server knows by their bearer token and lets `get` it, or everyone who reaches the gateway."),
	callerAudience: text.optional().describe("Audience that those tokens must be for; without it the API server’s own."),
	callerCacheMs: ms(1e4).describe("How long the API server’s answers about them are good."),
	callerStaleMs: ms(3e5).describe("How long such answers are still taken while the API server can’t be asked."),
	callerTimeoutMs: ms(5e3).describe("Limit of one question about them."),
	perLaunchLimit: integer(1, 1e6, 300).describe("Requests a minute that one launch may make."),
	perAddressLimit: integer(1, 1e7, 3e3).describe("Requests a minute that one address may make."),
	flushIntervalMs: ms(200).describe("How long heartbeats are gathered into one statement."),
	beatIntervalMs: ms(1e3).describe("How often the gateway is recorded as up."),
	retentionMs: ms(14 * DAY_MS).describe("After how long a launch that nobody spoke of is forgotten.")
}).describe("Gateway");
const controller = z.object({
	workers: integer(1, 256, 8).describe("Workspaces reconciled at once."),
	leaseDurationMs: ms(15e3).describe("Age at which another process may take the lease."),
	leaseRenewDeadlineMs: ms(1e4).describe("How long the leader tries to renew it before it stops acting."),
	leaseRetryPeriodMs: ms(2e3).describe("Pause between two attempts on the lease."),
	classStatusIntervalMs: ms(5e3).describe("Least time between two writes of a class’s counts and progress."),
	evidencePollIntervalMs: ms(1e3).describe("How often heartbeats’ transitions are read."),
	userDataRetentionMs: ms(36e5).describe("How long a text that user data was rendered from is kept once no class and no launch refers to it."),
	drainGraceMs: ms(1e4).describe("How long reconciles at work may go on once the process is to end.")
}).describe("Controller");
const orphans = z.object({
	policy: z.enum(["Report", "Terminate"]).default("Report").describe("What is done about instances of this cluster that no Workspace owns: they are reported alone, or, once nothing speaks for them, ended."),
	intervalMs: ms(6e4).describe("Least pause between two looks for them."),
	graceMs: ms(6e5).describe("How old one must be, how long it must have been without an owner, and how long heartbeats must have been judged without a break, before it is ended."),
	mostPerRound: integer(1, 1e3, 5).describe("Most of them ended after one look.")
}).describe("Orphans");
const timing = z.object({
	lateMs: ms(12e4).describe("T_late: how long after it was sent a RunInstances may still take effect: client timeout, EC2’s delay and pauses."),
	visibilityMs: ms(3e5).describe("T_vis: how long EC2 may go on not showing an instance that exists."),
	repairBackoffMinMs: ms(3e4).describe("First pause after an unexpected end, a refusal for quota or one that a person must mend."),
	repairBackoffMaxMs: ms(9e5).describe("Longest such pause; it doubles from end to end."),
	replayBackoffMinMs: ms(1e3).describe("First pause before an ambiguous RunInstances is replayed."),
	replayBackoffMaxMs: ms(3e4).describe("Longest such pause."),
	terminateRetryMs: ms(15e3).describe("Pause before a TerminateInstances without effect is sent again."),
	replayMaxAgeMs: ms(36e5).describe("Age of a launch past which its token is looked up, not replayed."),
	secondMs: ms(1e3).describe("What a second of a class’s …Seconds fields lasts; other than 1000 in tests only.")
}).describe("Launch protocol");
const observability = z.object({
	logLevel: z.enum([
		"fatal",
		"error",
		"warn",
		"info",
		"debug",
		"trace"
	]).default("info").meta({
		flag: "log-level",
		env: "WORKSPACE_LOG_LEVEL"
	}).describe("Least severity that is logged."),
	metricsListenHost: text.default("0.0.0.0").meta({
		flag: "metrics-listen-host",
		env: "WORKSPACE_METRICS_LISTEN_HOST"
	}).describe("Address of the metrics."),
	metricsListenPort: port(8080).meta({
		flag: "metrics-listen-port",
		env: "WORKSPACE_METRICS_LISTEN_PORT"
	}).describe("Port of /metrics; 0 for any free one."),
	healthListenHost: text.default("0.0.0.0").meta({
		flag: "health-listen-host",
		env: "WORKSPACE_HEALTH_LISTEN_HOST"
	}).describe("Address of the probes."),
	healthListenPort: port(8081).meta({
		flag: "health-listen-port",
		env: "WORKSPACE_HEALTH_LISTEN_PORT"
	}).describe("Port of /healthz and /readyz; 0 for any free one.")
}).describe("Logs, metrics, health");
const configSchema = z.object({
	kubernetes,
	aws,
	database,
	gateway,
	controller,
	orphans,
	timing,
	observability
});
// src/settings.ts
const described = z.object({
	description: z.string(),
	default: z.union([z.string(), z.number()]).optional(),
	type: z.enum(["string", "integer"]),
	enum: z.array(z.string()).optional(),
	minimum: z.number().optional(),
	maximum: z.number().optional(),
	env: z.string().optional(),
	flag: z.string().optional(),
	secret: z.boolean().optional(),
	neededBy: z.enum([
		"controller",
		"gateway",
		"both"
	]).optional()
});
const groups = z.record(z.string(), z.object({
	description: z.string(),
	properties: z.record(z.string(), described)
}));
const SETTINGS = Object.freeze(Object.entries(groups.parse(z.toJSONSchema(configSchema, { io: "output" }).properties)).flatMap(([group, { description: heading, properties }]) => Object.entries(properties).map(([key, json]) => toSetting(group, key, heading, json))));
function toSetting(group, key, heading, json) {
	const words = kebab(`${group}-${key}`);
	return Object.freeze({
		path: `${group}.${key}`,
		group,
		key,
		heading,
		flag: `--${json.flag ?? words}`,
		env: json.env ?? `WORKSPACE_${words.toUpperCase().replaceAll("-", "_")}`,
		description: json.description,
		default: json.default?.toString(),
		values: valuesOf(key, json),
		secret: json.secret === true,
		neededBy: json.neededBy
	});
}
function kebab(name) {
	return name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
}
function valuesOf(key, { type, enum: words, minimum, maximum }) {
	if (words) return words.join(", ");
	if (type === "integer") return `a whole number from ${minimum} to ${maximum}`;
	if (/url$|endpoint$/i.test(key)) return "a URL";
	return key.endsWith("File") || key === "kubeconfig" ? "a path" : "a text";
}
function settingAt(path) {
	const setting = SETTINGS.find((candidate) => candidate.path === path);
	if (!setting) throw new TypeError(`there is no setting ${path}`);
	return setting;
}
// src/commandLine.ts
var ConfigError = class extends Error {
	name = "ConfigError";
	exitCode = 2;
};
function need(value, path) {
	if (value === void 0) throw new ConfigError(missing$1(settingAt(path)));
	return value;
}
function missing$1({ flag, env, description }) {
	return `${flag} (${env}) is not set; set it: ${description}`;
}
// src/controller/uuid.ts
function newUUID(random) {
	const bytes = random.bytes(16);
	bytes.writeUInt8(bytes.readUInt8(6) & 15 | 64, 6);
	bytes.writeUInt8(bytes.readUInt8(8) & 63 | 128, 8);
	return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
// src/controller/controller.ts
function createController(options) {
	const { name, reconcile, queue, clock, random, metrics, workers = 1 } = options;
	const { timeoutMs = 12e4, abandonAfterMs = 1e4 } = options;
	const labels = { controller: name };
	const passes = new Set();
	let workersRun;
	async function work(taking) {
		for (let key = await queue.get(taking); key !== void 0; key = await queue.get(taking)) {
			metrics.activeWorkers.inc(labels);
			const startedAt = clock.monotonic();
			try {
				await pass(key);
			} finally {
				metrics.reconcileTime.observe(labels, (clock.monotonic() - startedAt) / 1e3);
				metrics.activeWorkers.dec(labels);
				queue.done(key);
			}
		}
	}
	async function pass(key) {
		const reconcileID = newUUID(random);
		const logger = options.logger.child({
			controller: name,
			...split$1(key),
			reconcileID
		});
		const outcome = await attempt(key, reconcileID, logger);
		if ("error" in outcome) return requeueFailed(key, outcome.error, logger);
		queue.forget(key);
		const after = outcome.result?.requeueAfterMs;
		if (after !== void 0) queue.addAfter(key, after);
		metrics.reconcileTotal.inc({
			...labels,
			result: after === void 0 ? "success" : "requeue_after"
		});
	}
	function attempt(key, reconcileID, logger) {
		return new Promise((resolve) => {
			const limit = new AbortController();
			const settle = (outcome) => {
				timer.cancel();
				passes.delete(limit);
				resolve(outcome);
			};
			let timer = clock.setTimeout(() => {
				metrics.reconcileTimeouts.inc(labels);
				limit.abort(new Error(`the reconcile ran longer than ${timeoutMs} ms`));
			}, timeoutMs);
			limit.signal.addEventListener("abort", () => {
				timer.cancel();
				timer = clock.setTimeout(() => {
					settle({ error: new Error(`given up ${abandonAfterMs} ms after its abort: ${limit.signal.reason}`) });
				}, abandonAfterMs);
			});
			passes.add(limit);
			const run = async () => ({ result: await reconcile(key, {
				reconcileID,
				signal: limit.signal,
				logger
			}) });
			run().then(settle, (error) => settle({ error }));
		});
	}
	function requeueFailed(key, error, logger) {
		queue.addRateLimited(key);
		if (isConflict(error)) {
			metrics.reconcileTotal.inc({
				...labels,
				result: "requeue"
			});
			logger.debug({
				reason: error.reason,
				path: error.path
			}, "reconcile met a newer version; trying again");
			return;
		}
		metrics.reconcileTotal.inc({
			...labels,
			result: "error"
		});
		metrics.reconcileErrors.inc(labels);
		if (isPanic(error)) metrics.reconcilePanics.inc(labels);
		logger.error({
			err: error,
			failures: queue.retries(key)
		}, "reconcile failed; trying again");
	}
	return {
		start() {
			if (workersRun) return;
			for (const result of [
				"success",
				"requeue_after",
				"requeue",
				"error"
			]) metrics.reconcileTotal.inc({
				...labels,
				result
			}, 0);
			metrics.maxConcurrentReconciles.set(labels, workers);
			const taking = new AbortController();
			const loops = Array.from({ length: workers }, () => work(taking.signal));
			workersRun = {
				taking,
				ended: Promise.all(loops)
			};
		},
		async stop(graceMs = 1e4) {
			if (!workersRun) return true;
			const { taking, ended } = workersRun;
			workersRun = void 0;
			taking.abort();
			let inTime = true;
			const grace = clock.setTimeout(() => {
				inTime = false;
				options.logger.warn({
					controller: name,
					graceMs
				}, "reconciles outlast the drain; aborting them");
				for (const pass of passes) pass.abort(new Error("the controller is stopping"));
			}, graceMs);
			await ended;
			grace.cancel();
			return inTime;
		}
	};
}
function isPanic(error) {
	return !(error instanceof Error) || [
		TypeError,
		ReferenceError,
		RangeError,
		SyntaxError
	].some((kind) => error instanceof kind);
}
function split$1(key) {
	const slash = key.indexOf("/");
	return slash < 0 ? { name: key } : {
		namespace: key.slice(0, slash),
		name: key.slice(slash + 1)
	};
}
// src/controller/eventBody.ts
const EVENTS = {
	group: "events.k8s.io",
	version: "v1",
	plural: "events",
	namespaced: true
};
const NOTE_LIMIT = 1024;
function eventBody(input, about) {
	const { namespace, name, ...rest } = about;
	return {
		apiVersion: "events.k8s.io/v1",
		kind: "Event",
		metadata: {
			namespace,
			name
		},
		...rest,
		action: input.action,
		reason: input.reason,
		regarding: input.regarding,
		note: input.note,
		type: input.type
	};
}
function cutNote(note) {
	return note.length <= NOTE_LIMIT ? note : `${note.slice(0, 1023)}…`;
}
// src/controller/lease.ts
const LEASES = {
	group: "coordination.k8s.io",
	version: "v1",
	plural: "leases",
	namespaced: true
};
function microTime(epochMs) {
	return new Date(epochMs).toISOString().replace(/Z$/, "000Z");
}
function createLease(client, target, spec, options) {
	const body = {
		apiVersion: "coordination.k8s.io/v1",
		kind: "Lease",
		metadata: target,
		spec
	};
	return client.create(LEASES, body, target.namespace, options);
}
function replaceLease(client, lease, spec, options) {
	const body = {
		...lease,
		apiVersion: "coordination.k8s.io/v1",
		kind: "Lease",
		spec: {
			...lease.spec,
			...spec
		}
	};
	return client.replace(LEASES, body, options);
}
// src/controller/tokenBucket.ts
function createTokenBucket(options) {
	const { clock, capacity, refillPerSecond, onWait } = options;
	if (!(capacity > 0) || !(refillPerSecond > 0)) throw new RangeError(`token bucket: capacity (${capacity}) and refillPerSecond (${refillPerSecond}) must be above 0`);
	let tokens = Math.min(capacity, options.initial ?? capacity);
	let readAt = clock.monotonic();
	let pausedUntil = Number.NEGATIVE_INFINITY;
	let timer;
	const queue = [];
	function refill() {
		const now = clock.monotonic();
		const from = Math.max(readAt, pausedUntil);
		if (now > from) tokens = Math.min(capacity, tokens + (now - from) / 1e3 * refillPerSecond);
		readAt = now;
	}
	const enough = (wanted) => tokens + 1e-6 >= wanted && clock.monotonic() >= pausedUntil;
	function spend(wanted) {
		tokens = Math.max(0, tokens - wanted);
	}
	function serve() {
		timer?.cancel();
		timer = void 0;
		refill();
		for (let head = queue[0]; head && enough(head.tokens); head = queue[0]) {
			queue.shift();
			spend(head.tokens);
			head.grant();
		}
		const head = queue[0];
		if (!head) return;
		const start = Math.max(clock.monotonic(), pausedUntil);
		const missing = Math.max(0, head.tokens - tokens);
		const wait = start - clock.monotonic() + missing / refillPerSecond * 1e3;
		timer = clock.setTimeout(serve, Math.ceil(wait));
	}
	function check(wanted) {
		if (!(wanted > 0) || wanted > capacity) throw new RangeError(`token bucket: ${wanted} tokens asked for, between 0 and ${capacity} can be given`);
	}
	return {
		tryTake(wanted = 1) {
			check(wanted);
			refill();
			if (queue.length > 0 || !enough(wanted)) return false;
			spend(wanted);
			return true;
		},
		take(wanted = 1, signal) {
			return new Promise((resolve, reject) => {
				check(wanted);
				if (signal?.aborted) return reject(signal.reason);
				const since = clock.monotonic();
				const waiter = {
					tokens: wanted,
					grant() {
						signal?.removeEventListener("abort", abort);
						onWait?.(clock.monotonic() - since);
						resolve();
					}
				};
				const abort = () => {
					queue.splice(queue.indexOf(waiter), 1);
					reject(signal?.reason);
					serve();
				};
				signal?.addEventListener("abort", abort, { once: true });
				queue.push(waiter);
				if (queue[0] === waiter) serve();
			});
		},
		drain(ms = 0) {
			refill();
			tokens = 0;
			pausedUntil = Math.max(pausedUntil, clock.monotonic() + ms);
			serve();
		},
		available() {
			refill();
			return tokens;
		},
		waiting: () => queue.length
	};
}
// src/controller/events.ts
function createEventRecorder(options) {
	const { client, clock, random, logger, metrics, reportingController, reportingInstance } = options;
	const { maxQueued = 1e3, burstPerObject = 25, refillMsPerObject = 3e5 } = options;
	const { seriesPeriodMs = 6e4, seriesEndMs = 36e4 } = options;
	const all = new Map();
	const buckets = new Map();
	const queue = [];
	const stopping = new AbortController();
	let wake;
	let closed = false;
	function drop(cause) {
		metrics.eventsDropped.inc({ cause });
	}
	function mayBegin(uid) {
		const bucket = buckets.get(uid) ?? createTokenBucket({
			clock,
			capacity: burstPerObject,
			refillPerSecond: 1e3 / refillMsPerObject
		});
		buckets.set(uid, bucket);
		if (buckets.size > maxQueued) {
			for (const [key, other] of buckets) if (other.available() >= burstPerObject) buckets.delete(key);
		}
		return bucket.tryTake();
	}
	function enqueue(series) {
		if (series.queued) return;
		if (queue.length >= maxQueued) {
			if (series.written === 0) forget(series);
			drop("queue_full");
			return;
		}
		series.queued = true;
		queue.push(series);
		wake?.();
	}
	const keyOf = ({ regarding, type, reason, action, note }) => JSON.stringify([
		regarding.uid,
		type,
		reason,
		action,
		note
	]);
	function forget(series) {
		series.timer?.cancel();
		all.delete(keyOf(series.input));
	}
	function tend(series) {
		series.timer = clock.setTimeout(() => {
			if (series.count > series.written) enqueue(series);
			else if (clock.monotonic() - series.lastAt >= seriesEndMs) return forget(series);
			tend(series);
		}, seriesPeriodMs);
	}
	function record(event) {
		if (closed) {
			drop("stopped");
			return;
		}
		const input = {
			...event,
			note: cutNote(event.note)
		};
		const key = keyOf(input);
		const series = all.get(key);
		if (series) {
			series.count++;
			series.lastAt = clock.monotonic();
			if (series.count === 2) enqueue(series);
			return;
		}
		if (!mayBegin(input.regarding.uid)) {
			drop("too_many_of_one_object");
			return;
		}
		const begun = {
			input,
			namespace: input.regarding.namespace ?? "default",
			name: `${input.regarding.name.slice(0, 200)}.${random.bytes(8).toString("hex")}`,
			firstAt: clock.now(),
			lastAt: clock.monotonic(),
			count: 1,
			written: 0,
			queued: false
		};
		all.set(key, begun);
		enqueue(begun);
		if (all.has(key)) tend(begun);
	}
	function seriesBody(series) {
		const agoMs = clock.monotonic() - series.lastAt;
		return {
			count: series.count,
			lastObservedTime: microTime(clock.now() - agoMs)
		};
	}
	async function write(series) {
		const { input, namespace, name } = series;
		const count = series.count;
		const signal = stopping.signal;
		if (series.written > 0) try {
			await client.mergePatch(EVENTS, {
				name,
				namespace
			}, { series: seriesBody(series) }, { signal });
			series.written = count;
			return;
		} catch (error) {
			if (!isNotFound(error)) throw error;
		}
		const body = eventBody(input, {
			namespace,
			name,
			eventTime: microTime(series.firstAt),
			series: count > 1 ? seriesBody(series) : void 0,
			reportingController,
			reportingInstance
		});
		try {
			await client.create(EVENTS, body, namespace, { signal });
		} catch (error) {
			if (!isAlreadyExists(error)) throw error;
		}
		series.written = count;
	}
	async function deliver(series) {
		const backoff = createBackoff({
			random,
			minMs: 500,
			maxMs: 1e4
		});
		for (let tries = 1;; tries++) try {
			return await write(series);
		} catch (error) {
			const about = {
				reason: series.input.reason,
				namespace: series.namespace,
				name: series.input.regarding.name
			};
			if (isNamespaceTerminating(error) || isNotFound(error) && series.written === 0) {
				logger.debug(about, "no event: its namespace is going away");
				forget(series);
				return drop("namespace_terminating");
			}
			const isFinal = isApiError(error) && error.status < 500 && error.status !== 429;
			if (isFinal || tries >= 4 || stopping.signal.aborted) {
				logger.warn({
					...about,
					err: error
				}, "an event was not recorded");
				if (series.written === 0) forget(series);
				return drop(isFinal ? "refused" : "unreachable");
			}
			await sleep(clock, backoff.next(), stopping.signal);
		}
	}
	async function run() {
		for (;;) {
			const series = queue.shift();
			if (series) {
				series.queued = false;
				await deliver(series);
			} else if (closed) return;
			else await new Promise((resolve) => {
				wake = resolve;
			});
		}
	}
	const running = run();
	return {
		record,
		async stop(graceMs = 5e3) {
			closed = true;
			for (const series of all.values()) {
				series.timer?.cancel();
				if (series.count > series.written) enqueue(series);
			}
			wake?.();
			const timer = clock.setTimeout(() => stopping.abort(new Error("stopping")), graceMs);
			await running;
			timer.cancel();
		}
	};
}
// src/controller/leaderElection.ts
function startLeaderElection(options) {
	const { transport, lease: target, clock, random, metrics } = options;
	const { leaseDurationMs = 15e3, renewDeadlineMs = 1e4, retryPeriodMs = 2e3 } = options;
	if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs * 1.2 && retryPeriodMs > 0)) throw new RangeError(`leader election: leaseDurationMs (${leaseDurationMs}) must exceed renewDeadlineMs (${renewDeadlineMs}), and that 1.2 × retryPeriodMs (${retryPeriodMs})`);
	const client = kubeClient(transport, {
		clock,
		maxRetries: 0,
		timeoutMs: renewDeadlineMs / 2
	});
	const identity = `${options.identity}_${newUUID(random)}`;
	const labels = { name: `${target.namespace}/${target.name}` };
	const logger = options.logger.child({
		lease: labels.name,
		identity
	});
	const stopping = new AbortController();
	const write = { signal: stopping.signal };
	let observed;
	let unsure = false;
	let term;
	let heldUntil = Number.NEGATIVE_INFINITY;
	let expiry;
	let ended = Promise.resolve();
	metrics.leaderStatus.set(labels, 0);
	const held = () => term !== void 0 && clock.monotonic() < heldUntil;
	function observe(lease) {
		if (observed?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
		const holder = lease.spec?.holderIdentity;
		if (holder && holder !== identity && holder !== observed?.lease.spec?.holderIdentity) logger.info({ holder }, "another process holds the lease; standing by");
		observed = {
			lease,
			since: clock.monotonic()
		};
	}
	function freeAt({ lease, since }) {
		const holder = lease.spec?.holderIdentity;
		if (!holder || holder === identity) return Number.NEGATIVE_INFINITY;
		return since + (lease.spec?.leaseDurationSeconds ?? leaseDurationMs / 1e3) * 1e3;
	}
	function begin(sentAt) {
		term = Object.freeze({
			id: newUUID(random),
			acquiredAt: clock.monotonic()
		});
		extend(sentAt);
		metrics.leaderStatus.set(labels, 1);
		logger.info({ term: term.id }, "became leader");
		options.onStarted?.(term);
	}
	function extend(sentAt) {
		heldUntil = sentAt + renewDeadlineMs;
		expiry?.cancel();
		const left = heldUntil - clock.monotonic();
		expiry = clock.setTimeout(() => end("the lease could not be renewed in time"), Math.max(0, left));
	}
	function end(reason) {
		if (!term) return;
		const over = term;
		term = void 0;
		expiry?.cancel();
		metrics.leaderStatus.set(labels, 0);
		logger.warn({
			term: over.id,
			reason
		}, "stopped leading");
		ended = (async () => options.onStopped?.(over))().catch((error) => {
			logger.error({ err: error }, "what had to stop with the term failed to");
		});
	}
	async function tryOnce() {
		if (!term || unsure) await read();
		if (term && observed) await renew(term, observed.lease);
		else if (!observed || freeAt(observed) <= clock.monotonic()) await acquire(observed?.lease);
	}
	async function acquire(lease) {
		const sentAt = clock.monotonic();
		const transitions = lease?.spec?.leaseTransitions ?? 0;
		const isOurs = !lease || lease.spec?.holderIdentity === identity;
		const spec = {
			...renewal(),
			acquireTime: microTime(clock.now()),
			leaseTransitions: isOurs ? transitions : transitions + 1
		};
		observe(await (lease ? replaceLease(client, lease, spec, write) : createLease(client, target, spec, write)));
		if (!stopping.signal.aborted && clock.monotonic() < sentAt + renewDeadlineMs) begin(sentAt);
	}
	async function renew(current, lease) {
		const sentAt = clock.monotonic();
		observe(await replaceLease(client, lease, renewal(), write));
		if (term !== current) return;
		if (held()) extend(sentAt);
		else end("the answer to the renewal came too late");
	}
	function renewal() {
		return {
			holderIdentity: identity,
			leaseDurationSeconds: Math.ceil(leaseDurationMs / 1e3),
			renewTime: microTime(clock.now())
		};
	}
	async function read() {
		try {
			observe(await client.get(LEASES, target.name, target.namespace));
		} catch (error) {
			if (!isNotFound(error)) throw error;
			observed = void 0;
			end("the lease was deleted");
		}
		if (term && observed?.lease.spec?.holderIdentity !== identity) end("another process holds the lease");
	}
	async function attempt() {
		try {
			await tryOnce();
			unsure = false;
		} catch (error) {
			if (stopping.signal.aborted) return;
			if (term) metrics.leaderSlowpath.inc(labels);
			unsure = true;
			if (isConflict(error) || isAlreadyExists(error)) logger.debug("another process wrote the lease first");
			else logger.warn({
				err: error,
				leading: held()
			}, "the lease could not be read or written; trying again");
		}
	}
	async function run() {
		while (!stopping.signal.aborted) {
			await ended;
			await attempt();
			const jittered = retryPeriodMs * (term ? 1 : 1 + random.next() * .2);
			const untilFree = observed ? freeAt(observed) - clock.monotonic() : 0;
			const wait = untilFree > 0 ? Math.min(jittered, untilFree + 1) : jittered;
			await sleep(clock, wait, stopping.signal);
		}
	}
	async function release() {
		try {
			await read();
			if (observed?.lease.spec?.holderIdentity !== identity) return;
			const spec = {
				holderIdentity: "",
				leaseDurationSeconds: 1,
				renewTime: microTime(clock.now())
			};
			await replaceLease(client, observed.lease, spec);
			logger.info("released the lease");
		} catch (error) {
			logger.warn({
				err: error,
				leaseDurationMs
			}, "the lease was not released; the next leader waits it out");
		}
	}
	const running = run();
	let stopped;
	return {
		held,
		term: () => held() ? term : void 0,
		holder: () => observed?.lease.spec?.holderIdentity || void 0,
		stop() {
			stopped ??= (async () => {
				end("stopping");
				stopping.abort(new Error("stopping"));
				await ended;
				await running;
				await release();
			})();
			return stopped;
		}
	};
}
// src/controller/rateLimiter.ts
function createRateLimiter(limits = {}) {
	const { baseMs = 5, maxMs = 1e6, perSecond = 10, burst = 100 } = limits;
	const failures = new Map();
	const intervalMs = 1e3 / perSecond;
	let fullAt = Number.NEGATIVE_INFINITY;
	return {
		next(key, now) {
			const count = failures.get(key) ?? 0;
			failures.set(key, count + 1);
			fullAt = Math.max(fullAt, now) + intervalMs;
			return Math.max(Math.min(maxMs, baseMs * 2 ** count), fullAt - now - burst * intervalMs);
		},
		failures: (key) => failures.get(key) ?? 0,
		forget: (key) => void failures.delete(key)
	};
}
// src/controller/workqueue.ts
const LONGEST_TIMER_MS = 2 ** 31 - 1;
function createWorkqueue({ name, clock, metrics, limits = {} }) {
	const labels = {
		name,
		controller: name
	};
	const limiter = createRateLimiter(limits);
	const queue = new Set();
	const dirty = new Map();
	const processing = new Map();
	const waiting = new Map();
	const getters = [];
	const drained = [];
	let shuttingDown = false;
	const untrack = metrics.trackQueue(name, () => {
		const ages = [...processing.values()].map((since) => seconds(since));
		return {
			depth: queue.size,
			unfinishedSeconds: ages.reduce((sum, age) => sum + age, 0),
			longestRunningSeconds: Math.max(0, ...ages)
		};
	});
	const seconds = (since) => (clock.monotonic() - since) / 1e3;
	function push(key) {
		queue.add(key);
		getters.shift()?.();
	}
	function add(key) {
		if (shuttingDown || dirty.has(key)) return;
		metrics.queueAdds.inc(labels);
		dirty.set(key, clock.monotonic());
		if (!processing.has(key)) push(key);
	}
	function addAfter(key, ms) {
		if (shuttingDown) return;
		if (!(ms > 0)) {
			add(key);
			return;
		}
		const at = clock.monotonic() + ms;
		const earlier = waiting.get(key);
		if (earlier && earlier.at <= at) return;
		earlier?.timer.cancel();
		const timer = clock.setTimeout(() => {
			waiting.delete(key);
			add(key);
		}, Math.min(ms, LONGEST_TIMER_MS));
		waiting.set(key, {
			at,
			timer
		});
	}
	function take() {
		const [key] = queue;
		if (key === void 0) return void 0;
		queue.delete(key);
		metrics.queueDuration.observe(labels, seconds(dirty.get(key) ?? clock.monotonic()));
		dirty.delete(key);
		processing.set(key, clock.monotonic());
		return key;
	}
	function settleShutdown() {
		if (!shuttingDown || queue.size > 0 || processing.size > 0) return;
		untrack();
		for (const resolve of drained.splice(0)) resolve();
	}
	return {
		add,
		addAfter,
		addRateLimited(key) {
			if (shuttingDown) return;
			metrics.queueRetries.inc(labels);
			addAfter(key, limiter.next(key, clock.monotonic()));
		},
		forget: limiter.forget,
		retries: limiter.failures,
		async get(signal) {
			while (!signal?.aborted) {
				const key = take();
				if (key !== void 0 || shuttingDown) return key;
				await new Promise((resolve) => {
					const wake = () => {
						signal?.removeEventListener("abort", abort);
						resolve();
					};
					const abort = () => {
						const place = getters.indexOf(wake);
						if (place >= 0) getters.splice(place, 1);
						resolve();
					};
					signal?.addEventListener("abort", abort, { once: true });
					getters.push(wake);
				});
			}
			if (queue.size > 0) getters.shift()?.();
		},
		done(key) {
			const since = processing.get(key);
			if (since === void 0) throw new RangeError(`workqueue ${name}: "${key}" is not being worked on`);
			metrics.workDuration.observe(labels, seconds(since));
			processing.delete(key);
			if (dirty.has(key)) push(key);
			settleShutdown();
		},
		length: () => queue.size,
		shutDown() {
			shuttingDown = true;
			for (const { timer } of waiting.values()) timer.cancel();
			waiting.clear();
			for (const wake of getters.splice(0)) wake();
			return new Promise((resolve) => {
				drained.push(resolve);
				settleShutdown();
			});
		}
	};
}
// src/ec2/buckets.ts
const BUCKET_SIZES = Object.freeze({
	RunInstances: {
		capacity: 5,
		refillPerSecond: 2
	},
	TerminateInstances: {
		capacity: 100,
		refillPerSecond: 5
	},
	StopInstances: {
		capacity: 50,
		refillPerSecond: 5
	},
	StartInstances: {
		capacity: 5,
		refillPerSecond: 2
	},
	Describe: {
		capacity: 100,
		refillPerSecond: 20
	},
	DescribeUnfiltered: {
		capacity: 50,
		refillPerSecond: 10
	},
	GetConsoleOutput: {
		capacity: 50,
		refillPerSecond: 5
	},
	GetParameter: {
		capacity: 40,
		refillPerSecond: 40
	}
});
const ARRIVAL_SPREAD_SECONDS = .5;
const BACKOFF_MIN_MS = 1e3;
const BACKOFF_MAX_MS = 3e4;
function scaledBucketSizes(factor) {
	const scale = ({ capacity, refillPerSecond }) => ({
		capacity: Math.max(1, Math.floor((capacity - refillPerSecond * ARRIVAL_SPREAD_SECONDS) * factor)),
		refillPerSecond: refillPerSecond * factor
	});
	return {
		RunInstances: scale(BUCKET_SIZES.RunInstances),
		TerminateInstances: scale(BUCKET_SIZES.TerminateInstances),
		StopInstances: scale(BUCKET_SIZES.StopInstances),
		StartInstances: scale(BUCKET_SIZES.StartInstances),
		Describe: scale(BUCKET_SIZES.Describe),
		DescribeUnfiltered: scale(BUCKET_SIZES.DescribeUnfiltered),
		GetConsoleOutput: scale(BUCKET_SIZES.GetConsoleOutput),
		GetParameter: scale(BUCKET_SIZES.GetParameter)
	};
}
function createBuckets({ clock, random, metrics, sizes = {} }) {
	const gates = new Map();
	function gate(name) {
		const known = gates.get(name);
		if (known) return known;
		const made = {
			bucket: createTokenBucket({
				clock,
				...sizes[name] ?? BUCKET_SIZES[name],
				onWait: (ms) => metrics.bucketWait(name, ms)
			}),
			throttles: 0,
			pausedUntil: Number.NEGATIVE_INFINITY
		};
		gates.set(name, made);
		return made;
	}
	return {
		take: (name) => gate(name).bucket.take(),
		throttled(name) {
			const at = gate(name);
			if (clock.monotonic() < at.pausedUntil) return;
			const pause = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(at.throttles, 10)) * (.5 + random.next() / 2);
			at.throttles += 1;
			at.pausedUntil = clock.monotonic() + pause;
			at.bucket.drain(pause);
		},
		answered(name) {
			const at = gate(name);
			if (clock.monotonic() >= at.pausedUntil) at.throttles = 0;
		}
	};
}
// src/ec2/metrics.ts
function createEc2Metrics(registry) {
	const registers = [registry];
	const calls = new Counter({
		name: "workspace_ec2_calls_total",
		help: "AWS API calls by action and outcome (ok, or the class of the failure).",
		labelNames: ["action", "outcome"],
		registers
	});
	const waits = new Histogram({
		name: "workspace_ec2_bucket_wait_seconds",
		help: "Time that calls waited for a token of the client-side bucket.",
		labelNames: ["bucket"],
		buckets: [
			.001,
			.01,
			.1,
			.5,
			1,
			2,
			5,
			10,
			30,
			60
		],
		registers
	});
	const sweeps = new Histogram({
		name: "workspace_ec2_sweep_duration_seconds",
		help: "Duration of sweeps over all instances of the cluster, by outcome.",
		labelNames: ["outcome"],
		buckets: [
			.05,
			.1,
			.25,
			.5,
			1,
			2.5,
			5,
			10,
			30
		],
		registers
	});
	let ageMs = () => void 0;
	new Gauge({
		name: "workspace_ec2_sweep_age_seconds",
		help: "Time since the begin of the last complete sweep; absent before the first.",
		registers,
		collect() {
			const age = ageMs();
			if (age === void 0) this.remove();
			else this.set(age / 1e3);
		}
	});
	return {
		call: (action, outcome) => calls.inc({
			action,
			outcome
		}),
		bucketWait: (bucket, ms) => waits.observe({ bucket }, ms / 1e3),
		sweep: (outcome, durationMs) => sweeps.observe({ outcome }, durationMs / 1e3),
		watchSweepAge(age) {
			ageMs = age;
		}
	};
}
// src/ec2/errorTable.ts
const CODES = {
	InsufficientInstanceCapacity: "capacity",
	InsufficientCapacity: "capacity",
	InsufficientHostCapacity: "capacity",
	InsufficientReservedInstanceCapacity: "capacity",
	InsufficientVolumeCapacity: "capacity",
	InsufficientAddressCapacity: "capacity",
	InsufficientFreeAddressesInSubnet: "capacity",
	ReservationCapacityExceeded: "capacity",
	SpotMaxPriceTooLow: "capacity",
	UnfulfillableCapacity: "capacity",
	Unsupported: "capacity",
	VolumeTypeNotAvailableInZone: "capacity",
	InstanceLimitExceeded: "quota",
	VcpuLimitExceeded: "quota",
	MaxSpotInstanceCountExceeded: "quota",
	RequestResourceCountExceeded: "quota",
	ResourceCountExceeded: "quota",
	VolumeIOPSLimit: "quota",
	PendingVerification: "quota",
	RequestLimitExceeded: "throttled",
	Throttling: "throttled",
	ThrottlingException: "throttled",
	ThrottledException: "throttled",
	RequestThrottled: "throttled",
	RequestThrottledException: "throttled",
	TooManyRequestsException: "throttled",
	EC2ThrottledException: "throttled",
	PriorRequestNotComplete: "throttled",
	SlowDown: "throttled",
	IdempotentParameterMismatch: "mismatch",
	IdempotentInstanceTerminated: "mismatch",
	"InvalidInstanceID.NotFound": "gone",
	DryRunOperation: "dryRunOK",
	AccessDenied: "userFix",
	AccessDeniedException: "userFix",
	AccountDisabled: "userFix",
	AuthFailure: "userFix",
	Blocked: "userFix",
	BootForVolumeTypeUnsupported: "userFix",
	CustomerKeyHasBeenRevoked: "userFix",
	EncryptedVolumesNotSupported: "userFix",
	ExpiredToken: "userFix",
	ExpiredTokenException: "userFix",
	FilterLimitExceeded: "userFix",
	IncompleteSignature: "userFix",
	OperationNotPermitted: "userFix",
	OptInRequired: "userFix",
	ParameterNotFound: "userFix",
	ParameterVersionNotFound: "userFix",
	RequestExpired: "userFix",
	SecurityGroupLimitExceeded: "userFix",
	SecurityGroupsPerInstanceLimitExceeded: "userFix",
	SecurityGroupsPerInterfaceLimitExceeded: "userFix",
	SignatureDoesNotMatch: "userFix",
	SpotServiceLinkedRoleCreationNotPermitted: "userFix",
	TagLimitExceeded: "userFix",
	TagPolicyViolation: "userFix",
	UnauthorizedOperation: "userFix",
	UnrecognizedClientException: "userFix",
	UnknownParameter: "userFix",
	UnknownVolumeType: "userFix",
	VPCIdNotSpecified: "userFix",
	VPCResourceNotSpecified: "userFix",
	ValidationError: "userFix",
	ValidationException: "userFix",
	InternalError: "ambiguous",
	InternalFailure: "ambiguous",
	InternalServerError: "ambiguous",
	ServiceUnavailable: "ambiguous",
	Unavailable: "ambiguous"
};
const FAMILIES = [
	[/^[A-Z]\w*LimitExceeded$/, "quota"],
	[/^(AuthFailure|Invalid\w*|Malformed\w*|Missing\w*|Unsupported\w*|Encrypted\w*)(\.[\w.]+)?$/, "userFix"],
	[/^[A-Z]\w*\.(NotFound|Malformed|NotSupported|Unsupported|Unavailable)$/, "userFix"]
];
const BY_CODE = new Map(Object.entries(CODES));
function classOfCode(code, httpStatus) {
	const listed = BY_CODE.get(code);
	if (listed) return listed;
	if (httpStatus < 400 || httpStatus > 499) return "ambiguous";
	return FAMILIES.find(([pattern]) => pattern.test(code))?.[1] ?? "ambiguous";
}
// src/ec2/errors.ts
const CODE = {
	blocked: "SendBlocked",
	credentials: "NoCredentials",
	timeout: "ETIMEDOUT",
	badAnswer: "UnreadableAnswer",
	unknown: "UnknownError"
};
const NEXT_STEP = {
	capacity: "Another zone or instance type is tried; more of either in the class helps.",
	quota: "It is asked again later; end instances that are not needed, or have AWS raise the quota.",
	throttled: "Everyone waits and it is asked again; nothing was spent.",
	userFix: "Correct the class, the permissions or the account as AWS says; it is asked again now and then.",
	mismatch: "The token is bound already: what it is bound to is looked up.",
	gone: "It is taken for gone only when look-ups some time apart agree.",
	ambiguous: "Nobody knows whether it happened: it is asked again, unchanged, until the answer is definite.",
	notSent: "Nothing was sent; it is tried again.",
	dryRunOK: "A real request would have been accepted."
};
const NEXT_STEP_BY_CODE = new Map([
	["UnauthorizedOperation", "Grant the operator’s AWS identity this action (docs/configuration.md lists them)."],
	["OperationNotPermitted", "Turn off termination protection of the instance."],
	["AuthFailure", "Check the AWS credentials of the operator, and that the account may use the image."],
	["RequestExpired", "Check the clock of the machine, and that the AWS credentials have not expired."],
	["OptInRequired", "Subscribe the account to the service or image."],
	[CODE.credentials, "Give the process credentials through the AWS SDK’s chain: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a web identity token, or the role of the machine."],
	["ENOTFOUND", "Check AWS_REGION, AWS_ENDPOINT_URL_EC2 and the name resolution of the machine."],
	["ECONNREFUSED", "Check AWS_ENDPOINT_URL_EC2, and that the endpoint is up."]
]);
function ec2Failure(parts) {
	const step = NEXT_STEP_BY_CODE.get(parts.code) ?? NEXT_STEP[parts.class];
	const error = new Error(`${parts.action}: ${parts.code}: ${withStop(parts.detail)} ${step}`);
	return Object.assign(error, {
		name: "Ec2Failure",
		class: parts.class,
		code: parts.code,
		action: parts.action,
		...parts.requestID === void 0 ? {} : { requestID: parts.requestID }
	});
}
function isEc2Failure(error) {
	return error instanceof Error && error.name === "Ec2Failure";
}
function saysNotFound(failure) {
	return /(\.NotFound|^Parameter(Version)?NotFound|^InvalidAMIID\.Unavailable)$/.test(failure.code);
}
function classify(error, context) {
	if (isEc2Failure(error)) return error;
	const raw = typeof error === "object" && error !== null ? error : {};
	const { action } = context;
	const status = raw.$metadata?.httpStatusCode;
	const requestID = raw.$metadata?.requestId;
	const said = clean(String(raw.message ?? ""), context.secrets ?? []);
	if (!context.sent) return notSent(raw, action, said);
	if (status !== void 0 && status >= 300) {
		const code = awsCode(raw, status);
		return ec2Failure({
			class: classOfCode(code, status),
			code,
			action,
			detail: said || `HTTP ${status}`,
			requestID
		});
	}
	if (status !== void 0) return ec2Failure({
		class: "ambiguous",
		code: CODE.badAnswer,
		action,
		detail: said,
		requestID
	});
	const code = socketCode(raw);
	return ec2Failure({
		class: raw.syscall === "connect" || raw.syscall === "getaddrinfo" || NO_CONNECTION.has(code) ? "notSent" : "ambiguous",
		code,
		action,
		detail: said || "no answer"
	});
}
const NO_CONNECTION = new Set([
	"ECONNREFUSED",
	"ENOTFOUND",
	"EAI_AGAIN"
]);
function notSent(raw, action, said) {
	const name = String(raw.name ?? "");
	if (/Credentials|^TokenProviderError$|^SSOTokenProviderFailure$/.test(name)) return ec2Failure({
		class: "notSent",
		code: CODE.credentials,
		action,
		detail: said
	});
	return ec2Failure({
		class: "notSent",
		code: typeof raw.code === "string" ? raw.code : name || CODE.unknown,
		action,
		detail: said
	});
}
const NO_CODE = new Set([
	"Error",
	"Unknown",
	"UnknownError",
	"NotFound"
]);
function awsCode(raw, status) {
	const code = [raw.Code, raw.name].find((value) => typeof value === "string" && !NO_CODE.has(value));
	return typeof code === "string" ? code.replace(/^(Client|Server)\./, "") : `HTTP${status}`;
}
function socketCode(raw) {
	if (typeof raw.code === "string") return raw.code;
	return typeof raw.name === "string" && raw.name !== "Error" ? raw.name : CODE.unknown;
}
const LONGEST_DETAIL = 500;
function clean(message, secrets) {
	let text = message.replace(/\s*Encoded authorization failure message:.*/s, "");
	for (const secret of secrets) if (secret !== "") text = text.replaceAll(secret, "[…]");
	text = text.replace(/[A-Za-z0-9+/=_]{40,}/g, "[…]").replace(/\s+/g, " ").trim();
	return text.length > LONGEST_DETAIL ? `${text.slice(0, LONGEST_DETAIL)}…` : text;
}
function withStop(text) {
	return /[.!?…]$/.test(text) ? text : `${text}.`;
}
// src/api/tags.ts
const TAG = {
	cluster: "compute.molecule.ai/cluster",
	uid: "compute.molecule.ai/uid",
	namespace: "compute.molecule.ai/namespace",
	name: "compute.molecule.ai/name",
	number: "compute.molecule.ai/number",
	generation: "compute.molecule.ai/generation"
};
// src/ec2/inventory.ts
const ENDING = {
	pending: 0,
	running: 0,
	stopping: 0,
	stopped: 0,
	"shutting-down": 1,
	terminated: 2
};
function createInventory(followers, gapMs) {
	const byID = new Map();
	const byWorkspace = new Map();
	function known(id) {
		const found = byID.get(id) ?? {
			seenAt: Number.NEGATIVE_INFINITY,
			lackedAt: Number.NEGATIVE_INFINITY
		};
		byID.set(id, found);
		return found;
	}
	function sight(instance, begunAt, changed) {
		const entry = known(instance.id);
		const { reading, notFound } = entry;
		entry.seenAt = Math.max(entry.seenAt, begunAt);
		const settled = notFound !== void 0 && begunAt < notFound.firstAt;
		if (!(reading !== void 0 && (begunAt < reading.readAt || ENDING[instance.state] < ENDING[reading.state]))) entry.reading = {
			...instance,
			readAt: begunAt
		};
		if (entry.reading?.state !== "running") entry.impaired = void 0;
		publish(instance.id, entry, settled ? notFound : void 0, changed);
	}
	function lack(id, begunAt, lookedUp, changed) {
		const entry = known(id);
		if (entry.seenAt >= begunAt) return;
		entry.lackedAt = Math.max(entry.lackedAt, begunAt);
		let { notFound } = entry;
		if (lookedUp && entry.reading?.state !== "terminated") {
			const earlier = notFound && begunAt - notFound.lastAt <= gapMs ? notFound : void 0;
			notFound = {
				firstAt: Math.min(earlier?.firstAt ?? begunAt, begunAt),
				lastAt: Math.max(earlier?.lastAt ?? begunAt, begunAt)
			};
		}
		publish(id, entry, notFound, changed);
	}
	function publish(id, entry, notFound, changed) {
		const before = entry.view;
		const absenceChanged = entry.notFound === void 0 !== (notFound === void 0);
		entry.notFound = notFound;
		if (entry.reading) {
			const missing = entry.lackedAt > entry.seenAt;
			const { reading, impaired } = entry;
			entry.view = Object.freeze({
				...reading,
				missing,
				...notFound ? { notFound } : {},
				...impaired ? { impaired } : {}
			});
		}
		if (!absenceChanged && sameToReaders(before, entry.view)) return;
		reindex(id, before, entry.view);
		tell(id, before, entry.view, changed);
	}
	function reindex(id, before, after) {
		const [from, to] = [uidOf(before), uidOf(after)];
		if (from !== void 0 && from !== to) {
			const ids = byWorkspace.get(from);
			ids?.delete(id);
			if (ids?.size === 0) byWorkspace.delete(from);
		}
		if (to !== void 0) byWorkspace.set(to, (byWorkspace.get(to) ?? new Set()).add(id));
	}
	function tell(id, before, after, changed) {
		for (const uid of [
			uidOf(before),
			uidOf(after),
			...followers(id)
		]) if (uid !== void 0) changed.add(uid);
	}
	function isFollowed(id) {
		for (const _uid of followers(id)) return true;
		return false;
	}
	function views(ids) {
		return [...ids].flatMap((id) => byID.get(id)?.view ?? []);
	}
	return {
		applySweep(items, begunAt, judgedElsewhere) {
			const changed = new Set();
			for (const item of items) sight(item, begunAt, changed);
			for (const [id, { reading }] of byID) if (reading && !judgedElsewhere.has(id)) lack(id, begunAt, false, changed);
			return changed;
		},
		applyLookup(ids, items, begunAt) {
			const changed = new Set();
			for (const item of items) sight(item, begunAt, changed);
			for (const id of ids) lack(id, begunAt, true, changed);
			return changed;
		},
		note(instance, now) {
			const changed = new Set();
			const before = byID.get(instance.id)?.reading;
			if (!before || ENDING[instance.state] > ENDING[before.state]) sight(instance, now, changed);
			return changed;
		},
		applyImpaired(kinds, begunAt) {
			const changed = new Set();
			for (const [id, entry] of byID) {
				const kind = entry.reading?.state === "running" ? kinds?.get(id) : void 0;
				if (kind === entry.impaired?.kind) continue;
				entry.impaired = kind && {
					kind,
					since: entry.impaired?.since ?? begunAt
				};
				publish(id, entry, entry.notFound, changed);
			}
			return changed;
		},
		forget(before) {
			const changed = new Set();
			for (const [id, entry] of byID) {
				if (isFollowed(id) || entry.lackedAt <= entry.seenAt || entry.seenAt >= before) continue;
				byID.delete(id);
				if (!entry.view) continue;
				reindex(id, entry.view, void 0);
				tell(id, entry.view, void 0, changed);
			}
			return changed;
		},
		get: (id) => byID.get(id)?.view,
		notFound: (id) => byID.get(id)?.notFound,
		ofWorkspace: (uid) => views(byWorkspace.get(uid) ?? []),
		all: () => views(byID.keys())
	};
}
function uidOf(instance) {
	return instance?.tags[TAG.uid];
}
function sameToReaders(a, b) {
	if (!a || !b) return a === b;
	return a.state === b.state && a.missing === b.missing && a.impaired?.kind === b.impaired?.kind && a.impaired?.since === b.impaired?.since && a.type === b.type && a.zone === b.zone && a.subnetID === b.subnetID && a.privateIP === b.privateIP && a.clientToken === b.clientToken && a.launchTime === b.launchTime && a.stateReason === b.stateReason && sameTags(a.tags, b.tags);
}
function sameTags(a, b) {
	const keys = Object.keys(a);
	return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
// src/ec2/repeater.ts
function createRepeater({ clock, task, onError, pauseMs }) {
	let active = false;
	let failures = 0;
	let timer;
	let running;
	let queued;
	async function round() {
		timer?.cancel();
		try {
			await task();
			failures = 0;
		} catch (error) {
			failures += 1;
			onError(error);
			throw error;
		} finally {
			running = void 0;
			if (active) timer = clock.setTimeout(runInBackground, pauseMs(failures));
		}
	}
	function begin() {
		running = round();
		return running;
	}
	function runNow() {
		if (!running) return begin();
		const next = () => {
			queued = void 0;
			return begin();
		};
		queued ??= running.then(next, next);
		return queued;
	}
	function runInBackground() {
		runNow().catch(() => void 0);
	}
	return {
		start() {
			if (active) return;
			active = true;
			runInBackground();
		},
		async stop() {
			active = false;
			timer?.cancel();
			await Promise.allSettled([running, queued]);
		},
		runNow
	};
}
// src/ec2/sweep.ts
function sweepInstances(calls, clusterID) {
	return readInstances(calls, [{
		name: `tag:${TAG.cluster}`,
		values: [clusterID]
	}]);
}
function lookUpInstances(calls, ids) {
	return readInstances(calls, [{
		name: "instance-id",
		values: ids
	}]);
}
async function readImpaired(calls) {
	const found = new Map();
	for (const kind of ["instance", "system"]) {
		const filters = [{
			name: `${kind}-status.status`,
			values: ["impaired"]
		}];
		const statuses = await readPages("DescribeInstanceStatus", (token) => calls.describeInstanceStatus({
			filters,
			...token !== void 0 && { nextToken: token }
		}));
		for (const status of statuses) if (status[kind] === "impaired") found.set(status.id, kind);
	}
	return found;
}
function readInstances(calls, filters) {
	return readPages("DescribeInstances", (token) => calls.describeInstances(token === void 0 ? { filters } : {
		filters,
		nextToken: token
	}));
}
async function readPages(action, read) {
	const all = [];
	let token;
	do {
		const page = await read(token);
		all.push(...page.items);
		if (page.nextToken !== void 0 && page.nextToken === token) throw samePageAgain(action);
		token = page.nextToken;
	} while (token !== void 0);
	return all;
}
function samePageAgain(action) {
	return ec2Failure({
		class: "ambiguous",
		code: CODE.badAnswer,
		action,
		detail: "the next page was said to be the one just read"
	});
}
// src/ec2/observer.ts
const STATUS_STALE_READINGS = 3;
const MOST_MISSED = 15;
function createObserver(options) {
	const { calls, clusterID, clock, random, logger, metrics, onChange } = options;
	const { sweepIntervalMs = 1e4, lookupIntervalMs = 2e3 } = options;
	const { statusIntervalMs = 3e4 } = options;
	const { maxBackoffMs = 6e4, forgetAfterMs = 36e5 } = options;
	const followedBy = new Map();
	const followersOf = new Map();
	const inventory = createInventory((id) => followersOf.get(id) ?? [], MOST_MISSED * lookupIntervalMs);
	let swept;
	let healthySince;
	let lastError;
	metrics.watchSweepAge(() => swept && clock.monotonic() - swept.begunAt);
	const sweeper = createRepeater({
		clock,
		pauseMs: backoff(sweepIntervalMs),
		async task() {
			const begunAt = clock.monotonic();
			try {
				const items = await sweepInstances(calls, clusterID);
				const endedAt = clock.monotonic();
				metrics.sweep("ok", endedAt - begunAt);
				swept = {
					begunAt,
					endedAt
				};
				healthySince ??= endedAt;
				tell(inventory.applySweep(items, begunAt, idsToLookUp()));
				tell(inventory.forget(begunAt - forgetAfterMs));
			} catch (error) {
				metrics.sweep("failed", clock.monotonic() - begunAt);
				throw error;
			}
			options.onSweep?.();
		},
		onError(error) {
			healthySince = void 0;
			if (isEc2Failure(error)) lastError = {
				at: clock.monotonic(),
				failure: error
			};
			logger.warn({ err: error }, "sweep of EC2 instances failed; the view before it stays");
		}
	});
	const lookup = createRepeater({
		clock,
		pauseMs: backoff(lookupIntervalMs),
		async task() {
			const ids = [...idsToLookUp()];
			for (let from = 0; from < ids.length; from += 200) {
				const batch = ids.slice(from, from + 200);
				const begunAt = clock.monotonic();
				tell(inventory.applyLookup(batch, await lookUpInstances(calls, batch), begunAt));
			}
		},
		onError: (error) => logger.warn({ err: error }, "look-up of EC2 instances failed; what was known stays")
	});
	let statusFailures = 0;
	const statusReader = createRepeater({
		clock,
		pauseMs: backoff(statusIntervalMs),
		async task() {
			const begunAt = clock.monotonic();
			tell(inventory.applyImpaired(await readImpaired(calls), begunAt));
			statusFailures = 0;
		},
		onError(error) {
			statusFailures += 1;
			logger.warn({ err: error }, "reading of EC2 status checks failed; instances are judged without them");
			if (statusFailures >= STATUS_STALE_READINGS) tell(inventory.applyImpaired(void 0, clock.monotonic()));
		}
	});
	function backoff(intervalMs) {
		return (failures) => {
			if (failures === 0) return intervalMs;
			return Math.max(intervalMs, Math.min(maxBackoffMs, intervalMs * 2 ** Math.min(failures, 16))) * (.5 + random.next() / 2);
		};
	}
	function idsToLookUp() {
		const ids = new Set();
		for (const id of followersOf.keys()) if (inventory.get(id)?.state !== "terminated") ids.add(id);
		return ids;
	}
	function tell(changes) {
		for (const uid of changes) onChange(uid);
	}
	return {
		start() {
			sweeper.start();
			lookup.start();
			statusReader.start();
		},
		async stop() {
			await Promise.all([
				sweeper.stop(),
				lookup.stop(),
				statusReader.stop()
			]);
			tell(inventory.applyImpaired(void 0, clock.monotonic()));
		},
		sweepNow: sweeper.runNow,
		lastSweep: () => swept,
		ofWorkspace: inventory.ofWorkspace,
		get: inventory.get,
		notFound: inventory.notFound,
		all: inventory.all,
		health: () => ({
			healthySince,
			lastError
		}),
		note(instance) {
			tell(inventory.note(instance, clock.monotonic()));
		},
		follow(uid, ids) {
			for (const id of followedBy.get(uid) ?? []) {
				const followers = followersOf.get(id);
				followers?.delete(uid);
				if (followers?.size === 0) followersOf.delete(id);
			}
			if (ids.length === 0) followedBy.delete(uid);
			else followedBy.set(uid, [...ids]);
			for (const id of ids) followersOf.set(id, (followersOf.get(id) ?? new Set()).add(uid));
		}
	};
}
// src/api/offering.ts
function offeringKey({ instanceType, zone, capacityType }) {
	return `${instanceType}/${zone}/${capacityType}`;
}
// src/ec2/offerings.ts
function createOfferingMemory({ clock, ttlMs = 18e4 }) {
	const until = new Map();
	return {
		markUnavailable: (offering) => void until.set(offeringKey(offering), clock.monotonic() + ttlMs),
		snapshot() {
			const now = clock.monotonic();
			for (const [key, expiresAt] of until) if (expiresAt <= now) until.delete(key);
			return new Map(until);
		}
	};
}
// src/ec2/refusal.ts
function missing(message) {
	return {
		ok: false,
		kind: "missing",
		message
	};
}
function refusalOf(error, term, notFound) {
	if (!isEc2Failure(error)) throw error;
	if (saysNotFound(error)) return missing(notFound);
	return {
		ok: false,
		kind: "unavailable",
		message: `${term} could not be looked up. ${error.message}`
	};
}
// src/ec2/terms.ts
function termFilters(term, idFilter) {
	if (term.id !== void 0) return [{
		name: idFilter,
		values: [term.id]
	}];
	const tags = sortedTags(term);
	if (tags.length === 0) return void 0;
	return tags.map(([key, value]) => value === "*" ? {
		name: "tag-key",
		values: [literal(key)]
	} : {
		name: `tag:${key}`,
		values: [literal(value)]
	});
}
function specKey({ images, subnets, securityGroups }) {
	const terms = (list) => list.map((term) => term.id ?? sortedTags(term));
	return JSON.stringify([
		images.map((image) => [
			image.architecture,
			image.id ?? null,
			image.ssmParameter ?? null
		]),
		terms(subnets),
		terms(securityGroups)
	]);
}
function termName(list, index, term) {
	const tags = sortedTags(term).map(([key, value]) => `${key}=${value}`);
	return `spec.${list}[${index}] (${term.id ?? `tags ${tags.join(", ")}`})`;
}
function imageName(index, term) {
	const source = term.id ?? `SSM parameter ${term.ssmParameter ?? ""}`;
	return `spec.images[${index}] (${term.architecture}, ${source})`;
}
function sortedTags(term) {
	return Object.entries(term.tags ?? {}).sort(([a], [b]) => a < b ? -1 : 1);
}
function literal(value) {
	return value.replace(/[\\*?]/g, "\\$&");
}
// src/ec2/resolveImage.ts
async function resolveImage(calls, term, index) {
	const name = imageName(index, term);
	const pointer = await imageID(calls, term, name);
	if (!pointer.ok) return pointer;
	const { id } = pointer;
	const none = `${name}: ${id} does not exist in this region, or is not shared with this account. Name an image that is.`;
	try {
		const [image] = await calls.describeImages([id]);
		return image ? judge$2(image, term, name) : missing(none);
	} catch (error) {
		return refusalOf(error, name, none);
	}
}
async function imageID(calls, { id, ssmParameter }, name) {
	if (id !== void 0) return {
		ok: true,
		id
	};
	if (ssmParameter === void 0) return missing(`${name} names no image. Give it an id or an ssmParameter.`);
	try {
		const value = (await calls.getParameter(ssmParameter)).trim();
		if (/^ami-[0-9a-f]+$/.test(value)) return {
			ok: true,
			id: value
		};
		return missing(`${name}: the parameter’s value is not an AMI id. Name a parameter that holds just ami-….`);
	} catch (error) {
		return refusalOf(error, name, `${name}: there is no such parameter in this region. Correct its name, or create it.`);
	}
}
function judge$2(image, term, name) {
	const { id, architecture, state, rootDeviceName } = image;
	if (state !== "available") return missing(`${name}: ${id} is ${state || "in no known state"}, not available. Wait for it, or name another image.`);
	if (architecture !== term.architecture) return missing(`${name}: ${id} is for ${architecture}. Name an image for ${term.architecture}, or correct the architecture.`);
	if (rootDeviceName === "") return missing(`${name}: ${id} has no root device. Name an EBS-backed image.`);
	return {
		ok: true,
		image: Object.freeze({ ...image })
	};
}
// src/ec2/resolveNetwork.ts
const MOST_SECURITY_GROUPS = 16;
async function resolveNetwork(calls, spec) {
	const [subnets, groups] = await Promise.all([select(spec.subnets, "subnets", (query) => calls.describeSubnets(query)), select(spec.securityGroups, "securityGroups", (query) => calls.describeSecurityGroups(query))]);
	if (!subnets.ok) return subnets;
	if (!groups.ok) return groups;
	const stray = outsideVPC([...subnets.selected, ...groups.selected]);
	if (stray) return stray;
	if (groups.selected.length > MOST_SECURITY_GROUPS) return missing(`spec.securityGroups match ${groups.selected.length} security groups; an instance can have ${MOST_SECURITY_GROUPS}. Narrow the terms.`);
	return {
		ok: true,
		subnets: Object.freeze(subnets.selected.map(({ item }) => Object.freeze({ ...item }))),
		securityGroupIDs: Object.freeze(groups.selected.map(({ item }) => item.id))
	};
}
const LISTS = {
	subnets: {
		filter: "subnet-id",
		thing: "subnet"
	},
	securityGroups: {
		filter: "group-id",
		thing: "security group"
	}
};
async function select(terms, list, ask) {
	const answers = await Promise.all(terms.map((term, index) => selectTerm(term, termName(list, index, term), list, ask)));
	const byID = new Map();
	for (const answer of answers) {
		if (!answer.ok) return answer;
		for (const one of answer.selected) if (!byID.has(one.item.id)) byID.set(one.item.id, one);
	}
	return {
		ok: true,
		selected: [...byID.values()].sort((a, b) => a.item.id < b.item.id ? -1 : 1)
	};
}
async function selectTerm(term, name, list, ask) {
	const { filter, thing } = LISTS[list];
	const filters = termFilters(term, filter);
	if (!filters) return missing(`${name} names neither an id nor a tag. Give it one of them.`);
	const none = `${name} matches no ${thing} in this region. Correct the term, or create or tag the ${thing}.`;
	try {
		const items = await ask({ filters });
		if (items.length === 0) return missing(none);
		return {
			ok: true,
			selected: items.map((item) => ({
				item,
				term: name
			}))
		};
	} catch (error) {
		return refusalOf(error, name, none);
	}
}
function outsideVPC(all) {
	const [first] = all;
	const stray = first && all.find(({ item }) => item.vpcID !== first.item.vpcID);
	if (!stray) return void 0;
	return missing(`${stray.term}: ${stray.item.id} is in ${stray.item.vpcID}, but ${first.item.id} of ${first.term} is in ${first.item.vpcID}. All subnets and security groups of a class must be in one VPC: correct one of the terms.`);
}
// src/ec2/singleFlight.ts
function createSingleFlight({ clock, ttlMs }) {
	const values = new Map();
	const asking = new Map();
	function peek(key) {
		const entry = values.get(key);
		return entry && clock.monotonic() < entry.expiresAt ? entry.value : void 0;
	}
	async function question(key, ask) {
		try {
			const value = await ask();
			const now = clock.monotonic();
			for (const [old, { expiresAt }] of values) if (expiresAt <= now) values.delete(old);
			values.set(key, {
				value,
				expiresAt: now + ttlMs(value)
			});
			return value;
		} finally {
			asking.delete(key);
		}
	}
	return {
		peek,
		async get(key, ask) {
			const fresh = peek(key);
			if (fresh !== void 0) return fresh;
			const shared = asking.get(key) ?? Promise.resolve().then(() => question(key, ask));
			asking.set(key, shared);
			return shared;
		}
	};
}
// src/ec2/resolve.ts
function createResolver(options) {
	const { calls, clock, ttlMs = 6e4, errorTtlMs = 5e3 } = options;
	const known = createSingleFlight({
		clock,
		ttlMs: ({ ok }) => ok ? ttlMs : errorTtlMs
	});
	async function ask(spec) {
		const [network, ...candidates] = await Promise.all([resolveNetwork(calls, spec), ...spec.images.map((term, index) => resolveImage(calls, term, index))]);
		const images = [];
		for (const candidate of candidates) {
			if (!candidate.ok) return candidate;
			images.push(candidate.image);
		}
		if (!network.ok) return network;
		return Object.freeze({
			ok: true,
			images,
			subnets: network.subnets,
			securityGroupIDs: network.securityGroupIDs
		});
	}
	return {
		resolve: (spec) => known.get(specKey(spec), () => ask(spec)),
		peek: (spec) => known.peek(specKey(spec))
	};
}
// src/gateway/evidencePoller.ts
const LEAST_UNAVAILABLE_MS$1 = 5e3;
function createEvidencePoller(options) {
	const { store, clock, logger, onChange, pollIntervalMs = 1e3 } = options;
	const { unavailableAfterMs = Math.max(5 * pollIntervalMs, LEAST_UNAVAILABLE_MS$1), resyncIntervalMs = 6e4 } = options;
	const stopping = new AbortController();
	let launches = new Map();
	let cursor;
	let resyncAt = 0;
	let answer;
	let wasAvailable = false;
	let away = false;
	let since;
	let running;
	const answered = () => answer !== void 0 && clock.monotonic() - answer.at <= unavailableAfterMs;
	const available = () => answered() && answer?.gatewayUp === true;
	async function poll() {
		const begunAt = clock.monotonic();
		await store.markSilent();
		const full = cursor === void 0 || begunAt >= resyncAt || !available();
		const read = full || cursor === void 0 ? await store.readAll() : await store.transitions(cursor);
		cursor = read.cursor;
		const lapsed = !available();
		if (lapsed || !read.gatewayUp) since = void 0;
		answer = {
			at: begunAt,
			gatewayUp: read.gatewayUp
		};
		if (read.gatewayUp) since = Math.max(since ?? begunAt, begunAt - read.gatewayUpMs);
		if (full) resyncAt = begunAt + resyncIntervalMs;
		const changed = full ? replace(read) : merge(read);
		if (available() && lapsed) for (const uid of launches.keys()) changed.add(uid);
		for (const uid of changed) onChange(uid);
	}
	function merge({ rows }) {
		const changed = new Set();
		for (const row of rows) {
			const known = launches.get(row.uid) ?? new Map();
			launches.set(row.uid, known);
			if (known.get(row.number)?.version !== row.version) changed.add(row.uid);
			known.set(row.number, Object.freeze(row));
		}
		return changed;
	}
	function replace(read) {
		const before = launches;
		launches = new Map();
		merge(read);
		const changed = new Set();
		for (const uid of new Set([...before.keys(), ...launches.keys()])) if (versions(before.get(uid)) !== versions(launches.get(uid))) changed.add(uid);
		return changed;
	}
	async function run() {
		while (!stopping.signal.aborted) {
			try {
				await poll();
				away = false;
			} catch (error) {
				if (!away) logger.warn({ cause: error instanceof Error ? error.message : "unknown" }, "heartbeat evidence not read; nothing is replaced on silence until it is");
				away = true;
			}
			if (available() !== wasAvailable) {
				wasAvailable = available();
				logger.info({ available: wasAvailable }, "heartbeat evidence");
			}
			options.onPoll?.();
			await sleep(clock, pollIntervalMs, stopping.signal);
		}
	}
	return {
		available,
		missing: () => available() ? void 0 : answered() ? "Gateway" : "Database",
		availableSince: () => available() ? since : void 0,
		ofWorkspace: (uid) => [...launches.get(uid)?.values() ?? []],
		start() {
			running ??= run();
		},
		async stop() {
			stopping.abort();
			await running;
		}
	};
}
function versions(rows) {
	return [...rows?.values() ?? []].map(({ number, version }) => `${number}@${version}`).sort().join();
}
// src/reconcilers/keys/keep.ts
const ROTATE_KEYS = "compute.molecule.ai/rotate-keys";
const ROTATED_KEYS = "compute.molecule.ai/rotated-keys";
function planKeys(secret, held, random) {
	const present = new Map(secret && readEntries(secret).entries.map((entry) => [entryName(entry), entry]));
	const forgotten = secret ? forgottenKeys(secret) : new Set();
	const restored = held.filter((entry) => {
		const name = entryName(entry);
		const there = present.get(name);
		return there ? !there.key.equals(entry.key) : !forgotten.has(name);
	});
	const asked = secret?.metadata.annotations?.[ROTATE_KEYS];
	if (!asked || asked === secret?.metadata.annotations?.["compute.molecule.ai/rotated-keys"]) return restored.length > 0 ? {
		restored,
		made: []
	} : void 0;
	const all = [...present.values(), ...held];
	return {
		restored,
		made: KEY_KINDS.map((kind) => {
			const number = 1 + Math.max(0, ...all.filter((entry) => entry.kind === kind).map((entry) => entry.number));
			return {
				kind,
				number,
				id: newKeyID(number, random),
				key: random.bytes(32)
			};
		}),
		rotated: asked
	};
}
// src/reconcilers/keys/keys.ts
function createKeysReconciler(deps) {
	const { kube, secret, store, keys, lease, events, random } = deps;
	async function write(present, plan) {
		const beforeSend = () => {
			if (!lease.held()) throw new Error("the lease may be held by another; nothing was sent");
		};
		const body = keySecretBody(secret, [...plan.restored, ...plan.made]);
		if (!present) return kube.create(KEY_SECRETS, body, secret.namespace, { beforeSend });
		const { resourceVersion } = present.metadata;
		const patch = {
			metadata: {
				resourceVersion,
				...plan.rotated === void 0 ? {} : { annotations: { [ROTATED_KEYS]: plan.rotated } }
			},
			data: body.data
		};
		return kube.mergePatch(KEY_SECRETS, secret, patch, { beforeSend });
	}
	return async function reconcile(key, { logger }) {
		if (!lease.held()) return;
		const present = store.get(key);
		const plan = planKeys(present, keys.entries(), random);
		if (!plan) return;
		const written = await write(present, plan);
		keys.take(written);
		store.applyWrite(written);
		const regarding = {
			apiVersion: "v1",
			kind: "Secret",
			...secret,
			uid: written.metadata.uid
		};
		const tell = (type, reason, note) => events.record({
			regarding,
			type,
			reason,
			action: "KeepKeys",
			note
		});
		if (plan.made.length > 0) {
			logger.info({
				event: "keys.rotated",
				entries: plan.made.map(entryName)
			}, "new keys are current");
			tell("Normal", "KeysRotated", `${names$1(plan.made)} are current from now on; older ones stay for what names them.`);
		}
		if (plan.restored.length > 0) {
			logger.warn({
				event: "keys.restored",
				entries: plan.restored.map(entryName)
			}, "keys were put back");
			tell("Warning", "KeysRestored", `${names$1(plan.restored)} had gone from the Secret and were put back.`);
		}
	};
}
function names$1(entries) {
	return entries.map(entryName).join(", ");
}
// src/keysPart.ts
function createKeysPart({ clock, random, logger, runtimeMetrics: metrics }, cluster, leading) {
	const name = "keys";
	const queue = createWorkqueue({
		name,
		clock,
		metrics
	});
	const { namespace, name: secretName } = cluster.keySecret;
	const look = () => queue.add(`${namespace}/${secretName}`);
	cluster.keySecrets.onChange(look);
	cluster.keys.onNew(() => {
		for (const workspace of cluster.workspaces.list()) leading.workspaceQueue.add(objectKey(workspace));
	});
	const controller = createController({
		name,
		reconcile: createKeysReconciler({
			...cluster,
			...leading,
			secret: cluster.keySecret,
			store: cluster.keySecrets,
			random
		}),
		queue,
		clock,
		random,
		logger,
		metrics
	});
	return {
		start() {
			controller.start();
			look();
		},
		stop: (graceMs) => controller.stop(graceMs)
	};
}
// src/reconcilers/class/cloudEvidence.ts
function judgeCloud$1({ cloud, lease, clock, unavailableAfterMs }) {
	const term = lease.term();
	if (!term) return { reason: "Available" };
	const since = Math.max(term.acquiredAt, cloud.lastSweep()?.begunAt ?? Number.NEGATIVE_INFINITY);
	if (clock.monotonic() - since <= unavailableAfterMs) return { reason: "Available" };
	const { lastError } = cloud.health();
	return {
		reason: "CloudUnavailable",
		...lastError && { code: lastError.failure.code }
	};
}
// src/reconcilers/class/massSilence.ts
function mostSilent(expected) {
	return Math.max(2, Math.floor(expected / 5));
}
function silentAtOnce({ silent }, timeoutMs) {
	const times = silent.filter((at) => at !== void 0).sort((a, b) => a - b);
	let most = 0;
	let from = 0;
	times.forEach((at, index) => {
		while (at - (times[from] ?? at) > timeoutMs) from += 1;
		most = Math.max(most, index - from + 1);
	});
	return most + (silent.length - times.length);
}
// src/reconcilers/class/evidence.ts
const AVAILABLE = { reason: "Available" };
function createClassEvidence(options) {
	const { workspaces, classes, evidence, clock, secondMs } = options;
	let verdicts = new Map();
	let cloud = AVAILABLE;
	function judge({ metadata, spec }) {
		const missing = evidence.missing();
		if (missing === "Database") return { reason: "DatabaseUnavailable" };
		if (missing === "Gateway") return { reason: "GatewayUnavailable" };
		const timeoutMs = spec.heartbeat.timeoutSeconds * secondMs;
		const hearing = hear(metadata.name, timeoutMs);
		const silent = silentAtOnce(hearing, timeoutMs);
		const { expected } = hearing;
		return silent > mostSilent(expected) ? {
			reason: "MassSilence",
			silent,
			expected
		} : AVAILABLE;
	}
	function hear(className, timeoutMs) {
		const since = evidence.availableSince();
		const rowsAreBack = since !== void 0 && clock.monotonic() - since >= timeoutMs;
		const silent = [];
		let expected = 0;
		for (const workspace of workspaces.byIndex("class", className)) {
			const launch = expectedToHeartbeat(workspace);
			if (!launch) continue;
			expected += 1;
			const row = evidence.ofWorkspace(workspace.metadata.uid).find(({ number }) => number === launch.number);
			if (row?.lastHeartbeatAt === void 0 ? rowsAreBack : !row.fresh) silent.push(row?.lastHeartbeatAt);
		}
		return {
			expected,
			silent
		};
	}
	return {
		of: (className) => verdicts.get(className) ?? AVAILABLE,
		massSilence: (className) => verdicts.get(className)?.reason === "MassSilence",
		cloud: () => cloud,
		*missing() {
			for (const [className, { reason }] of verdicts) for (const word of [reason, cloud.reason]) if (word !== "Available") yield [className, word];
		},
		refresh() {
			const before = verdicts;
			const cloudBefore = cloud;
			cloud = options.cloud();
			verdicts = new Map(classes.list().map((klass) => [klass.metadata.name, judge(klass)]));
			for (const [className, { reason }] of verdicts) if ((before.get(className) ?? AVAILABLE).reason !== reason || cloud.reason !== cloudBefore.reason) options.onChange(className);
		}
	};
}
function expectedToHeartbeat({ metadata, status }) {
	const { launch, instance } = status ?? {};
	if (metadata.deletionTimestamp !== void 0 || launch?.phase !== "Submitted") return void 0;
	if (launch.readyAt === void 0 || launch.ended) return void 0;
	return instance?.state === "running" || instance?.state === "Unknown" ? launch : void 0;
}
// src/reconcilers/class/metrics.ts
function createClassMetrics(registry) {
	let missing = () => [];
	new Gauge({
		name: "workspace_class_evidence_missing",
		help: "1 while evidence on the Workspaces of a class is missing, so that nothing is replaced for the lack of it; by class and reason, absent otherwise.",
		labelNames: ["class", "reason"],
		registers: [registry],
		collect() {
			this.reset();
			for (const [className, reason] of missing()) this.set({
				class: className,
				reason
			}, 1);
		}
	});
	return { watchMissing(source) {
		missing = source;
	} };
}
// src/api/environment.ts
function mergeEnvironment(spec, secrets) {
	const variables = new Map();
	const sources = new Map();
	const missing = [];
	const skipped = [];
	for (const { secretRef } of spec.envFrom) {
		const data = secrets.get(secretRef.name);
		if (!data) {
			if (!secretRef.optional) missing.push(secretRef.name);
			continue;
		}
		for (const [key, value] of data) {
			if (!ENV_NAME.test(key) || value.includes(0)) {
				skipped.push(`${secretRef.name}/${key}`);
				continue;
			}
			variables.set(key, value);
			sources.set(key, `${secretRef.name}/${key}`);
		}
	}
	for (const { name, value } of spec.env) {
		variables.set(name, Buffer.from(value));
		sources.set(name, `env/${name}`);
	}
	return {
		variables,
		sources,
		missing,
		skipped: skipped.sort()
	};
}
function digestEnvironment(key, variables) {
	const hmac = createHmac("sha256", key.key);
	for (const name of [...variables.keys()].sort()) {
		const value = variables.get(name) ?? Buffer.alloc(0);
		hmac.update(`${Buffer.byteLength(name)}:${name}${value.length}:`).update(value);
	}
	return `${key.id}:${hmac.digest("hex")}`;
}
function digestKeyID(digest) {
	return digest.slice(0, Math.max(0, digest.lastIndexOf(":")));
}
function matchesDigest(keyByID, digest, variables) {
	const id = digestKeyID(digest);
	const key = keyByID(id);
	if (!key) return false;
	const actual = Buffer.from(digestEnvironment({
		id,
		key
	}, variables));
	const expected = Buffer.from(digest);
	return actual.length === expected.length && timingSafeEqual(actual, expected);
}
function digestVariables(key, variables) {
	const digests = new Map();
	for (const [name, value] of variables) digests.set(name, digestEnvironment(key, new Map([[name, value]])));
	return digests;
}
// src/api/token.ts
function clientToken(clusterID, uid, number) {
	return createHash("sha256").update(JSON.stringify([
		clusterID,
		uid,
		number
	])).digest("hex");
}
// src/reconcilers/workspace/redact.ts
const SHORTEST = 4;
const PIECE = 8;
const MOST_CHARACTERS = 400;
const MARK = "[redacted]";
const CREDENTIAL = /\b[ts]1\.[a-z0-9]{1,16}\.[A-Za-z0-9_.-]{20,}/g;
function redactedTail(output, values) {
	return redact(output.split(/\r?\n/).filter((line) => line.trim() !== "").slice(-5).join(" | ").slice(-4 * MOST_CHARACTERS), values.filter((value) => value.length >= SHORTEST).flatMap(formsOf)).replace(CREDENTIAL, MARK).replace(/\p{Cc}/gu, " ").slice(-400);
}
function redact(text, forms) {
	const lower = lowerCase(text);
	const covered = new Uint8Array(text.length);
	const known = forms.map(lowerCase).filter((form) => form.length >= SHORTEST);
	for (const form of known.filter(({ length }) => length < PIECE)) for (let at = lower.indexOf(form); at >= 0; at = lower.indexOf(form, at + 1)) covered.fill(1, at, at + form.length);
	const long = known.filter(({ length }) => length >= PIECE).join("\0");
	for (let at = 0; at + PIECE <= lower.length; at += 1) if (long.includes(lower.slice(at, at + PIECE))) covered.fill(1, at, at + PIECE);
	let clean = "";
	for (let at = 0; at < text.length; at += 1) if (!covered[at]) clean += text[at];
	else if (!covered[at - 1]) clean += MARK;
	return clean;
}
function lowerCase(text) {
	return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
function formsOf(value) {
	const raw = value.toString();
	return [
		raw,
		...raw.split(/\r?\n/),
		JSON.stringify(raw).slice(1, -1),
		encodeURIComponent(raw),
		value.toString("hex"),
		...[
			0,
			1,
			2
		].flatMap((shift) => shiftedBase64(value, shift))
	];
}
function shiftedBase64(value, shift) {
	const bytes = Buffer.concat([Buffer.alloc(shift), value]);
	const [from, to] = [shift === 0 ? 0 : 4, Math.floor(bytes.length / 3) * 4];
	return [bytes.toString("base64").slice(from, to), bytes.toString("base64url").slice(from, to)];
}
// src/reconcilers/workspace/secrets.ts
const SECRETS = {
	group: "",
	version: "v1",
	plural: "secrets",
	namespaced: true
};
const secretBody = z.object({ data: z.record(z.string(), z.base64()).nullish() });
async function readSecret(kube, namespace, name) {
	try {
		const { data } = secretBody.parse(await kube.get(SECRETS, name, namespace));
		return new Map(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]));
	} catch (error) {
		if (isNotFound(error)) return void 0;
		throw error;
	}
}
async function observeEnvironment(deps, workspace, memory) {
	const { namespace } = workspace.metadata;
	const refs = workspace.spec.envFrom.map(({ secretRef }) => secretRef);
	const present = new Map(refs.map(({ name }) => [name, deps.secrets.get(`${namespace}/${name}`)]));
	const missing = refs.filter((ref) => !ref.optional && !present.get(ref.name)).map((ref) => ref.name);
	if (missing.length > 0) return {
		kind: "Missing",
		secrets: missing
	};
	const keyIDs = wantedKeys(deps, workspace);
	const version = JSON.stringify([
		workspace.spec.env,
		workspace.spec.envFrom,
		[...present].map(([name, secret]) => [
			name,
			secret?.metadata.uid,
			secret?.metadata.resourceVersion
		]),
		keyIDs.map((id) => [id, deps.keys.get("digest", id) !== void 0])
	]);
	if (memory.environment?.version !== version) {
		memory.namingKey ??= deps.keys.current("digest");
		const reading = await read(deps, workspace, {
			version,
			keyIDs,
			namingKey: memory.namingKey
		});
		if ("missing" in reading) return {
			kind: "Missing",
			secrets: reading.missing
		};
		memory.environment = reading;
	}
	const { digests, skipped, lostKeys } = memory.environment;
	return {
		kind: "Merged",
		digests,
		currentKey: deps.keys.current("digest").id,
		lostKeys,
		skipped
	};
}
function wantedKeys(deps, { metadata, status }) {
	const held = deps.evidence.ofWorkspace(metadata.uid).map((launch) => launch.env);
	const named = [
		status?.desired?.env,
		status?.instance?.env,
		...held
	].flatMap((digest) => digest ? [digestKeyID(digest)] : []);
	return [...new Set([deps.keys.current("digest").id, ...named])].sort();
}
async function read(deps, workspace, { version, keyIDs, namingKey }) {
	const contents = new Map();
	for (const { secretRef } of workspace.spec.envFrom) {
		const content = await readSecret(deps.kube, workspace.metadata.namespace, secretRef.name);
		if (content) contents.set(secretRef.name, content);
	}
	const merged = mergeEnvironment(workspace.spec, contents);
	if (merged.missing.length > 0) return { missing: [...merged.missing] };
	const digests = {};
	const lostKeys = [];
	for (const id of keyIDs) {
		if (await deps.keys.isGone("digest", id)) lostKeys.push(id);
		const key = deps.keys.get("digest", id);
		if (key) digests[id] = digestEnvironment({
			id,
			key
		}, merged.variables);
	}
	return {
		version,
		digests,
		lostKeys,
		variables: digestVariables(namingKey, merged.variables),
		sources: merged.sources,
		skipped: merged.skipped
	};
}
function trackBase(memory, recorded, observed) {
	const { candidate, environment } = memory;
	if (candidate && candidate.env === recorded) memory.base = candidate.content;
	if (!environment) return;
	const { variables, sources } = environment;
	const content = {
		variables,
		sources
	};
	memory.candidate = {
		env: observed,
		content
	};
	if (recorded === void 0 || recorded === observed) memory.base = content;
}
function changedNames(memory) {
	const { base, environment } = memory;
	if (!base || !environment) return [];
	const names = new Set();
	for (const [name, digest] of environment.variables) if (base.variables.get(name) !== digest) names.add(environment.sources.get(name) ?? name);
	for (const name of base.variables.keys()) if (!environment.variables.has(name)) names.add(`-${base.sources.get(name) ?? name}`);
	return [...names].sort();
}
// src/reconcilers/workspace/effects.ts
const VALID_MS = 6e4;
async function perform(performance, effect) {
	try {
		switch (effect.kind) {
			case "RunInstances": return await run(performance, effect.number, effect.armed);
			case "DryRun": return await dryRun(performance, effect);
			case "TerminateInstances": return await terminate(performance, effect.ids);
			case "StopInstances":
			case "StartInstances": return await power$1(performance, effect);
			case "ReadConsole": return await readConsole(performance, effect.instanceID);
		}
	} catch (error) {
		if (!isEc2Failure(error)) throw error;
		logFailure(performance, error, effect.kind);
	}
}
function logFailure({ context }, failure, effect) {
	const { action, code, class: kind, requestID, message } = failure;
	context.logger.warn({
		event: "ec2.failed",
		effect,
		action,
		code,
		class: kind,
		requestID
	}, message);
}
async function run(performance, number, armed) {
	const { deps, mine, workspace, guard, termAt } = performance;
	const { launch } = workspace.status ?? {};
	if (launch?.number !== number || !launch.params) throw new Error(`launch ${number} has no parameters on record`);
	const { uid } = workspace.metadata;
	const before = mine.sends?.number === number ? mine.sends : void 0;
	const sent = {
		sentAt: deps.clock.monotonic(),
		firstSend: armed && !before,
		quietSince: Math.max(termAt, mine.since ?? 0, before?.lastAt ?? 0)
	};
	const beforeSend = () => {
		guard();
		sent.sentAt = deps.clock.monotonic();
		mine.sends = {
			number,
			count: (before?.count ?? 0) + 1,
			lastAt: sent.sentAt
		};
	};
	const conclude = (result) => {
		mine.answer = {
			number,
			...sent,
			result
		};
	};
	try {
		const request = {
			params: launch.params,
			userData: await render(deps, uid, number, launch.params),
			clientToken: clientToken(deps.clusterID, uid, number)
		};
		deps.cloud.note(await deps.calls.runInstances(request, { beforeSend }));
		conclude({ kind: "accepted" });
	} catch (error) {
		if (!isEc2Failure(error)) throw error;
		logFailure(performance, error, "RunInstances");
		if (error.class === "capacity") deps.offerings.markUnavailable(launch.params);
		conclude(resultOf(error));
	}
}
async function render(deps, uid, number, { userData }) {
	try {
		return await deps.renderUserData({
			uid,
			number,
			userData
		});
	} catch (error) {
		throw ec2Failure({
			class: "notSent",
			code: "UserDataUnavailable",
			action: "RunInstances",
			detail: error instanceof Error ? error.message : "the user data can’t be rendered"
		});
	}
}
function resultOf(failure) {
	const { code, message } = failure;
	switch (failure.class) {
		case "capacity":
		case "quota":
		case "userFix": return {
			kind: "refused",
			class: failure.class,
			code,
			message
		};
		case "throttled": return { kind: "throttled" };
		case "mismatch": return { kind: "mismatch" };
		case "notSent": return {
			kind: "notSent",
			message
		};
		case "gone":
		case "dryRunOK":
		case "ambiguous": return {
			kind: "ambiguous",
			code
		};
	}
}
async function dryRun(performance, effect) {
	const { deps, memory, workspace, guard } = performance;
	const { repairBackoffMinMs, replayBackoffMinMs } = deps.timing;
	const { uid } = workspace.metadata;
	const number = (workspace.status?.launch?.number ?? 0) + 1;
	const conclude = (verdict, ms) => memory.validate({
		fingerprint: effect.fingerprint,
		verdict,
		expiresAt: deps.clock.monotonic() + ms
	});
	try {
		const token = clientToken(deps.clusterID, `${uid}/${effect.fingerprint}`, number);
		const userData = await render(deps, uid, number, effect.params);
		const request = {
			params: effect.params,
			userData,
			clientToken: token,
			dryRun: true
		};
		await deps.calls.runInstances(request, { beforeSend: guard });
		throw new Error("a dry run was answered as if it were real");
	} catch (error) {
		if (!isEc2Failure(error)) throw error;
		if (error.class === "dryRunOK") return conclude({ ok: true }, VALID_MS);
		logFailure(performance, error, "DryRun");
		const { code, message } = error;
		if (error.class === "capacity") deps.offerings.markUnavailable(effect.params);
		const lasting = error.class === "quota" || error.class === "userFix" ? error.class : void 0;
		conclude({
			ok: false,
			class: lasting ?? "retry",
			code,
			message
		}, lasting ? repairBackoffMinMs : replayBackoffMinMs);
	}
}
async function terminate({ deps, mine, guard, context }, ids) {
	const at = deps.clock.monotonic();
	for (const id of ids) mine.terminateSentAt[id] = at;
	context.logger.info({
		event: "ec2.terminate",
		ids
	}, "terminating superseded instances");
	try {
		await deps.calls.terminateInstances(ids, { beforeSend: guard });
		mine.terminateRefusal = void 0;
	} catch (error) {
		if (isEc2Failure(error) && error.class === "userFix") mine.terminateRefusal = error.code;
		throw error;
	}
}
async function power$1({ deps, mine, guard, context }, { kind, ids }) {
	const at = deps.clock.monotonic();
	for (const id of ids) mine.powerSentAt[`${kind} ${id}`] = at;
	context.logger.info({
		event: kind === "StopInstances" ? "ec2.stop" : "ec2.start",
		ids
	}, kind);
	await (kind === "StopInstances" ? deps.calls.stopInstances : deps.calls.startInstances)(ids, { beforeSend: guard });
}
async function readConsole({ deps, mine, workspace }, id) {
	mine.console[id] = "";
	const contents = new Map();
	for (const { secretRef } of workspace.spec.envFrom) {
		const content = await readSecret(deps.kube, workspace.metadata.namespace, secretRef.name);
		if (content) contents.set(secretRef.name, content);
	}
	const { variables } = mergeEnvironment(workspace.spec, contents);
	const held = workspace.status?.instance?.env;
	if (held !== void 0 && !matchesDigest((key) => deps.keys.get("digest", key), held, variables)) return;
	const values = [variables, ...contents.values()].flatMap((content) => [...content.values()]);
	mine.console[id] = redactedTail(await deps.calls.getConsoleOutput(id), values);
}
// src/reconcilers/workspace/mergePatch.ts
function isObject(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
function diff(from, to) {
	if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) return from.every((item, index) => diff(item, to[index]) === void 0) ? void 0 : toJson(to);
	if (!isObject(from) || !isObject(to)) return JSON.stringify(from) === JSON.stringify(to) ? void 0 : toJson(to);
	const patch = {};
	for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
		if (to[key] === void 0) {
			if (from[key] !== void 0) patch[key] = null;
			continue;
		}
		const change = from[key] === void 0 ? toJson(to[key]) : diff(from[key], to[key]);
		if (change !== void 0) patch[key] = change;
	}
	return Object.keys(patch).length > 0 ? patch : void 0;
}
function pathsOf(patch, at = "") {
	if (!isObject(patch)) return [at];
	return Object.entries(patch).flatMap(([key, value]) => pathsOf(value, at === "" ? key : `${at}.${key}`));
}
function toJson(value) {
	return JSON.parse(JSON.stringify(value ?? null));
}
// src/reconcilers/workspace/act.ts
var LeaseLostError = class extends Error {
	name = "LeaseLostError";
};
const GONE_RETRY_MS = 1e3;
async function act(deps, memory, workspace, decision, termID, context) {
	const guard = () => {
		if (!deps.lease.held() || deps.lease.term()?.id !== termID) throw new LeaseLostError("the lease may be held by another; nothing was sent");
		if (context.signal.aborted) throw new Error("the pass was given up; nothing was sent");
	};
	const key = `${workspace.metadata.namespace}/${workspace.metadata.name}`;
	const mine = memory.of(key, workspace.metadata.uid);
	if (decision.claim && !deps.fleet.take(workspace, decision.claim)) return 0;
	const written = await writeStatus(deps, workspace, decision, guard).catch((error) => {
		if (wasNotWritten(error)) deps.fleet.giveBack(workspace.metadata.uid);
		throw error;
	});
	if (!written) {
		deps.fleet.giveBack(workspace.metadata.uid);
		context.logger.debug("the object is gone; waiting for the cache to say so");
		return GONE_RETRY_MS;
	}
	if (written !== workspace) mine.wroteInTerm = termID;
	if (decision.settled) {
		mine.suspectSince = void 0;
		mine.rolledBackAt = void 0;
	}
	announce(deps, written, decision);
	follow(deps, written);
	const { effect } = decision;
	if (!effect) return decision.requeueAfterMs;
	if (effect.kind === "AddFinalizer" || effect.kind === "RemoveFinalizer") {
		await patchFinalizers(deps, written, effect.kind === "AddFinalizer", guard);
		return decision.requeueAfterMs;
	}
	await perform({
		deps,
		memory,
		mine,
		workspace: written,
		guard,
		termAt: deps.lease.term()?.acquiredAt ?? 0,
		context
	}, effect);
	return 0;
}
function wasNotWritten(error) {
	return error instanceof LeaseLostError || isApiError(error) && error.status < 500;
}
async function writeStatus(deps, workspace, decision, guard) {
	const status = diff(workspace.status ?? {}, decision.status);
	if (status === void 0) return workspace;
	const { name, namespace, resourceVersion } = workspace.metadata;
	const target = {
		name,
		namespace,
		subresource: "status"
	};
	const patch = {
		metadata: { resourceVersion },
		status
	};
	const raw = await deps.kube.mergePatch(WORKSPACES, target, patch, { beforeSend: guard }).catch((error) => {
		if (isNotFound(error)) return void 0;
		throw error;
	});
	if (!raw) return void 0;
	const answer = decodeWorkspace(raw);
	deps.workspaces.applyWrite(answer);
	const altered = diff(answer.status ?? {}, decision.status);
	if (altered !== void 0) throw new Error(`the API server did not store status.${pathsOf(altered).join(", status.")} of Workspace ${namespace}/${name} as written, so nothing was done: the definitions in the cluster are of another release; apply crds/`);
	return answer;
}
async function patchFinalizers(deps, workspace, add, guard) {
	const { name, namespace, resourceVersion, finalizers = [] } = workspace.metadata;
	const others = finalizers.filter((finalizer) => finalizer !== FINALIZER);
	const next = add ? [...others, FINALIZER] : others;
	try {
		const answer = await deps.kube.mergePatch(WORKSPACES, {
			name,
			namespace
		}, { metadata: {
			resourceVersion,
			finalizers: next
		} }, { beforeSend: guard });
		if (add || others.length > 0) deps.workspaces.applyWrite(decodeWorkspace(answer));
	} catch (error) {
		if (add || !isNotFound(error)) throw error;
	}
}
function announce(deps, workspace, decision) {
	const { name, namespace, uid, resourceVersion } = workspace.metadata;
	const regarding = {
		apiVersion: workspace.apiVersion,
		kind: workspace.kind,
		name,
		namespace,
		uid,
		resourceVersion
	};
	for (const { type, reason, message } of decision.events) deps.events.record({
		regarding,
		type,
		reason,
		action: "Reconcile",
		note: message
	});
}
function follow(deps, workspace) {
	const { launch, terminating, instance } = workspace.status ?? {};
	const ids = (terminating ?? []).map((entry) => entry.instanceID);
	const steady = launch?.phase === "Stopped" ? instance?.state === "stopped" : launch?.readyAt !== void 0 && instance?.state === "running";
	if (launch?.instanceID && !launch.ended && !steady) ids.push(launch.instanceID);
	deps.cloud.follow(workspace.metadata.uid, [...new Set(ids)].sort());
}
// src/reconcilers/class/act.ts
async function actOnClass(deps, klass, decision, termID, context) {
	const status = diff(klass.status ?? {}, decision.status);
	if (status === void 0) return false;
	const { name, resourceVersion } = klass.metadata;
	const written = decodeWorkspaceClass(await deps.kube.mergePatch(CLASSES, {
		name,
		subresource: "status"
	}, {
		metadata: { resourceVersion },
		status
	}, { beforeSend() {
		if (!deps.lease.held() || deps.lease.term()?.id !== termID) throw new LeaseLostError("the lease may be held by another; nothing was sent");
		if (context.signal.aborted) throw new Error("the pass was given up; nothing was sent");
	} }));
	deps.classes.applyWrite(written);
	const { apiVersion, kind, metadata } = written;
	const regarding = {
		apiVersion,
		kind,
		name,
		uid: metadata.uid,
		resourceVersion: metadata.resourceVersion
	};
	for (const { type, reason, message } of decision.events) deps.events.record({
		regarding,
		type,
		reason,
		action: "Reconcile",
		note: message
	});
	return true;
}
// src/reconcilers/class/decide/evidence.ts
const STATIC = "Until it is back nothing is replaced on silence, and what was known of each Workspace stays.";
function judgeEvidence({ evidence: { heartbeats } }) {
	const { reason } = heartbeats;
	switch (reason) {
		case "Available": return {
			status: "True",
			reason,
			message: "Heartbeats are read, and a gateway takes them."
		};
		case "DatabaseUnavailable": return {
			status: "False",
			reason,
			message: `The database of heartbeats does not answer; see whether it runs, and DATABASE_URL. ${STATIC}`
		};
		case "GatewayUnavailable": return {
			status: "False",
			reason,
			message: `No gateway is on record as up, so that no heartbeat can arrive; see whether one runs and reaches the database. ${STATIC}`
		};
		case "MassSilence": {
			const { silent, expected } = heartbeats;
			return {
				status: "False",
				reason,
				message: `${silent} of ${expected} instances fell silent within one heartbeat timeout, which is rather their way to the gateway than they themselves; look there. None of them is replaced until fewer are silent; restart some (spec.requests.restart) if they are dead indeed.`
			};
		}
	}
}
function judgeCloud({ evidence: { cloud } }) {
	if (cloud.reason === "Available") return {
		status: "True",
		reason: "Available",
		message: "EC2 shows its instances."
	};
	return {
		status: "False",
		reason: "CloudUnavailable",
		message: `EC2 has not shown its instances for a while${cloud.code === void 0 ? "" : ` (${cloud.code})`}; see the log’s failed sweeps, credentials and the way to EC2. Until it does nothing is decided on what it does not show.`
	};
}
// src/reconcilers/class/decide/progress.ts
function progressOf({ fleet }, status, now) {
	const before = status.rollout;
	const { rolling } = fleet;
	const going = before && !before.endedAt ? before : void 0;
	if (!going && rolling === 0) return before;
	const startedAt = going?.startedAt ?? iso$1(beginOf(fleet.dueSince ?? now.wall, before, now));
	const updated = fleet.replaced.filter((at) => at >= Date.parse(startedAt)).length;
	const total = updated + rolling;
	if (rolling === 0) return {
		startedAt,
		total,
		updated,
		endedAt: iso$1(now.wall)
	};
	const halted = status.halted !== void 0;
	const still = going?.updated === updated && going.total === total && !halted;
	return {
		startedAt,
		total,
		updated,
		estimatedEndAt: halted ? void 0 : still ? going.estimatedEndAt ?? estimate(fleet, now) : estimate(fleet, now)
	};
}
function beginOf(dueSince, before, now) {
	return Math.min(now.wall, Math.max(dueSince, Date.parse(before?.endedAt ?? "") || 0));
}
function estimate({ rolling, limit, meanMs }, now) {
	if (meanMs === void 0) return void 0;
	return iso$1(now.wall + Math.ceil(rolling / Math.max(1, limit)) * meanMs);
}
function iso$1(wallMs) {
	return new Date(wallMs).toISOString();
}
// src/reconcilers/class/decide/conditions.ts
const ASPECTS = [
	["Resolved", judgeResolved],
	["Launchable", judgeLaunchable],
	["RolloutComplete", judgeRollout],
	["EvidenceAvailable", judgeEvidence],
	["CloudAvailable", judgeCloud]
];
const GRAVE = new Set([
	"InvalidConfiguration",
	"CloudUnavailable",
	"QuotaExceeded",
	"RolloutHalted"
]);
function judge$1(facts, status, now) {
	const verdicts = ASPECTS.map(([type, judgeAspect]) => [type, judgeAspect(facts, status)]);
	return [["Ready", verdicts.find(([, { status: holds, reason }]) => holds !== "True" && GRAVE.has(reason))?.[1] ?? {
		status: "True",
		reason: "Ready",
		message: "Workspaces of this class can be launched."
	}], ...verdicts].map(([type, verdict]) => {
		const before = conditionOf$2(facts.klass.status, type);
		return {
			type,
			status: verdict.status,
			observedGeneration: facts.klass.metadata.generation ?? 0,
			lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : iso$1(now.wall),
			reason: verdict.reason,
			message: verdict.message.slice(0, 4096).toWellFormed()
		};
	});
}
function conditionOf$2(status, type) {
	return status?.conditions?.find((condition) => condition.type === type);
}
function judgeResolved({ klass, resolution }) {
	if (resolution.ok) return {
		status: "True",
		reason: "Resolved",
		message: "Images, subnets and security groups are there."
	};
	const kept = conditionOf$2(klass.status, "Resolved");
	if (resolution.kind === "unavailable") return kept ?? {
		status: "Unknown",
		reason: "CloudUnavailable",
		message: resolution.message
	};
	return {
		status: "False",
		reason: "InvalidConfiguration",
		message: resolution.message
	};
}
const ADVICE = {
	QuotaExceeded: "have AWS raise the quota, or end what is not needed",
	CapacityUnavailable: "more instance types or subnets in the class would help",
	ClassLimitReached: "raise maxInstances or maxInstancesPerNamespace, or delete what is not needed"
};
function judgeLaunchable({ fleet }) {
	const [worst] = fleet.blocked;
	if (!worst) return {
		status: "True",
		reason: "Launchable",
		message: "No launch is refused."
	};
	const { reason, count, example } = worst;
	return {
		status: "False",
		reason,
		message: `${count === 1 ? example : `${count} Workspaces, ${example} among them,`} can’t be launched (${reason}): ${ADVICE[reason]}.`
	};
}
function judgeRollout({ fleet }, { rollout, halted }) {
	const [halt] = halted ?? [];
	if (halt) {
		const { since, message } = halt;
		return {
			status: "False",
			reason: "RolloutHalted",
			message: `Halted at ${since}: ${message} Mend the class or the Secret, or set spec.requests.resume to a new value.`
		};
	}
	if (!rollout) return {
		status: "True",
		reason: "Complete",
		message: "No change has been rolled out yet."
	};
	const { startedAt, endedAt, total, updated, estimatedEndAt } = rollout;
	if (endedAt) return {
		status: "True",
		reason: "Complete",
		message: `${updated} of ${total} Workspaces were replaced from ${startedAt} to ${endedAt}.`
	};
	const until = estimatedEndAt ? `, about ${estimatedEndAt} at the present pace` : "";
	return {
		status: "False",
		reason: "RollingOut",
		message: `${updated} of ${total} Workspaces replaced since ${startedAt}; ${fleet.unavailable} of at most ${fleet.limit} are down${until}.`
	};
}
function transitions(before, after) {
	if (!before) return [];
	return after.flatMap(({ type, status, reason, message }) => {
		const earlier = before.find((condition) => condition.type === type);
		if (type === "Ready" || !earlier || earlier.status === status && earlier.reason === reason) return [];
		return [{
			type: status === "True" || reason === "RollingOut" ? "Normal" : "Warning",
			reason: eventReason(type, reason),
			message
		}];
	});
}
function eventReason(type, reason) {
	return reason === "Complete" || reason === "Available" ? type : reason;
}
// src/api/machine.ts
const VERSION = "m1";
function part(value) {
	return createHash("sha256").update(stableJSON(value)).digest("hex").slice(0, 20);
}
function stableJSON(value) {
	if (Array.isArray(value)) return `[${value.map(stableJSON).join(",")}]`;
	if (value !== null && typeof value === "object") {
		const entries = Object.entries(value).filter(([, v]) => v !== void 0);
		entries.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
		return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${stableJSON(v)}`).join(",")}}`;
	}
	return JSON.stringify(value ?? null);
}
function machineDigest(spec, klass, resolvedImages = []) {
	const { subnets, securityGroups, instanceProfile, rootVolume, tags, userData, imageUpdatePolicy } = klass;
	const own = part({ instanceType: spec.instanceType });
	const ofClass = part({
		subnets,
		securityGroups,
		instanceProfile,
		rootVolume,
		tags,
		userData
	});
	const named = (imageUpdatePolicy === "Automatic" ? resolvedImages : []).map(({ architecture, id }) => `${architecture}=${id}`).sort();
	return [
		VERSION,
		own,
		ofClass,
		...named.length > 0 ? [named.join(",")] : []
	].join(":");
}
function parse(digest) {
	const [version = "", own = "", ofClass = "", images = ""] = digest.split(":");
	const pairs = images === "" ? [] : images.split(",").map((pair) => split(pair));
	return {
		version,
		own,
		ofClass,
		images: new Map(pairs)
	};
}
function split(pair) {
	const at = pair.indexOf("=");
	return [pair.slice(0, at), pair.slice(at + 1)];
}
function comparableMachines(a, b) {
	return parse(a).version === parse(b).version;
}
function sameMachine(held, desired) {
	const [a, b] = [parse(held), parse(desired)];
	return a.version !== b.version || a.own === b.own && a.ofClass === b.ofClass;
}
function hasDesiredImage(desired, imageID) {
	const wanted = [...parse(desired).images.values()];
	return imageID === void 0 || wanted.length === 0 || wanted.includes(imageID);
}
function changedImages(before, after) {
	const [a, b] = [parse(before).images, parse(after).images];
	return [...b].filter(([name, id]) => a.get(name) !== id).map(([name]) => name);
}
function classContent(digest) {
	return `class:${digest.split(":").slice(2).join(":")}`;
}
function outdatedMachine(desired) {
	return `${parse(desired).version}:outdated:outdated`;
}
function machineChangedBy(before, after) {
	return before.split(":")[1] === after.split(":")[1] ? "ClassChanged" : "SpecChanged";
}
// src/reconcilers/workspace/decide/deadline.ts
function trackDeadline(previous, status, now) {
	const launch = status?.launch;
	if (launch?.deadline === void 0) return void 0;
	if (previous && isOf(previous, launch)) return previous;
	const left = Date.parse(launch.deadline) - now.wall;
	return {
		number: launch.number,
		deadline: launch.deadline,
		at: now.mono + left
	};
}
function isOf(known, { number, deadline }) {
	return known.number === number && known.deadline === deadline;
}
function untilDeadline({ facts, now }, launch) {
	const known = facts.process.deadline;
	if (known && isOf(known, launch)) return known.at - now.mono;
	return Date.parse(launch.deadline ?? "") - now.wall;
}
// src/reconcilers/workspace/decide/decision.ts
function draftFrom(facts, now) {
	return {
		facts,
		now,
		status: structuredClone(facts.workspace.status ?? {
			observedGeneration: -1,
			provisions: 0
		}),
		events: []
	};
}
function wakeAfter(draft, ms) {
	const wait = Math.max(0, Math.ceil(ms));
	draft.requeueAfterMs = draft.requeueAfterMs === void 0 ? wait : Math.min(draft.requeueAfterMs, wait);
}
function propose(draft, effect) {
	draft.effect ??= effect;
}
function block(draft, reason, message) {
	draft.blocker ??= {
		reason,
		message
	};
}
function iso(wallMs) {
	return new Date(wallMs).toISOString();
}
// src/reconcilers/workspace/decide/debounce.ts
const MOST_INTERVALS = 10;
function trackChange(previous, recorded, observed, changed, mono) {
	if (!recorded || !observed) return previous;
	if (sameDigests(recorded, observed)) return void 0;
	const earlier = previous && sameDigests(previous.recorded, recorded) ? previous : void 0;
	return {
		recorded: {
			env: recorded.env,
			machine: recorded.machine
		},
		env: observed.env,
		machine: observed.machine,
		since: earlier && sameDigests(earlier, observed) ? earlier.since : mono,
		burstSince: earlier?.burstSince ?? mono,
		changed: [...new Set([...earlier?.changed ?? [], ...changed])].sort()
	};
}
function sameDigests(a, b) {
	return a.env === b.env && a.machine === b.machine;
}
function changeDueAt(change, debounceMs) {
	return Math.min(change.since + debounceMs, change.burstSince + MOST_INTERVALS * debounceMs);
}
// src/reconcilers/workspace/decide/desired.ts
const MOST_NAMES = 32;
const UNREAD_RETRY_MS = 5e3;
function observedDigests(facts) {
	const { environment, machine } = facts;
	if (environment.kind !== "Merged" || machine === void 0) return void 0;
	const recorded = facts.workspace.status?.desired?.env;
	if (recorded !== void 0 && isUnderLostKey(facts, recorded)) return {
		env: recorded,
		machine
	};
	const env = environment.digests[recorded === void 0 ? environment.currentKey : digestKeyID(recorded)];
	return env === void 0 ? void 0 : {
		env,
		machine
	};
}
function isUnderLostKey({ environment }, digest) {
	return environment.kind === "Merged" && (environment.lostKeys ?? []).includes(digestKeyID(digest));
}
function desire(draft) {
	const { facts, now, status } = draft;
	if (facts.environment.kind === "Unknown") wakeAfter(draft, UNREAD_RETRY_MS);
	const observed = observedDigests(facts);
	if (!observed || facts.workspace.spec.paused) return;
	if (!status.desired) {
		status.desired = {
			generation: (status.launch?.generation ?? 0) + 1,
			...observed,
			cause: status.launch?.number ? "SecretChanged" : "Created",
			at: iso(now.wall)
		};
		return;
	}
	renew(draft, status.desired);
	adoptMachine(draft, observed.machine);
	const change = facts.process.change;
	if (!change || change.env === status.desired.env && change.machine === status.desired.machine) return;
	const wait = changeDueAt(change, (facts.class?.spec.rollout.debounceSeconds ?? 2) * facts.timing.secondMs) - now.mono;
	if (wait > 0) {
		wakeAfter(draft, wait);
		return;
	}
	const cause = causeOf(status.desired, observed, change.changed);
	const changed = [...changedImages(status.desired.machine, observed.machine).map((name) => `image/${name}`), ...change.changed];
	status.desired = {
		generation: status.desired.generation + 1,
		...observed,
		env: underCurrentKey(facts) ?? observed.env,
		cause,
		changed: changed.length > 0 ? changed.slice(0, MOST_NAMES) : void 0,
		at: iso(now.wall)
	};
}
function underCurrentKey({ environment }) {
	return environment.kind === "Merged" ? environment.digests[environment.currentKey] : void 0;
}
function renew(draft, desired) {
	const env = underCurrentKey(draft.facts);
	if (env === void 0 || !isUnderLostKey(draft.facts, desired.env)) return;
	draft.events.push({
		type: "Warning",
		reason: "KeyLost",
		message: `The key ${digestKeyID(desired.env)}, which the environment's digest names, is gone: nobody can say whether a Secret changed meanwhile, and the content is taken for unchanged. If it did, ask for a restart (spec.requests.restart).`
	});
	desired.env = env;
}
function adoptMachine({ status }, observed) {
	const { desired, launch } = status;
	if (!desired || desired.machine === observed) return;
	const comparable = comparableMachines(desired.machine, observed);
	const sameImage = hasDesiredImage(observed, launch?.params?.imageID);
	if (comparable && !(sameMachine(desired.machine, observed) && sameImage)) return;
	if (launch?.machine !== void 0) {
		if (sameMachine(launch.machine, desired.machine)) launch.machine = observed;
		else if (!comparable) launch.machine = outdatedMachine(observed);
	}
	desired.machine = observed;
}
function causeOf(before, after, changed) {
	if (before.machine !== after.machine) return machineChangedBy(before.machine, after.machine);
	return changed.length > 0 && changed.every((name) => /^-?env\//.test(name)) ? "EnvChanged" : "SecretChanged";
}
function holdsDesiredEnvironment(facts, desired, held) {
	if (held === desired) return true;
	const { environment } = facts;
	if (environment.kind !== "Merged") return false;
	return environment.digests[digestKeyID(held)] === held && environment.digests[digestKeyID(desired)] === desired;
}
// src/reconcilers/workspace/decide/change.ts
function earliestChange(draft, launch) {
	const minIntervalMs = (draft.facts.class?.spec.rollout.minIntervalSeconds ?? 60) * draft.facts.timing.secondMs;
	const submittedAt = Date.parse(launch.submittedAt ?? "");
	return submittedAt > draft.now.wall ? draft.now.wall : submittedAt + minIntervalMs;
}
function progresses(draft, launch) {
	if (launch.phase !== "Submitted" || launch.readyAt || launch.ended) return false;
	return untilDeadline(draft, launch) > 0;
}
function change(draft, launch) {
	const { desired, instance } = draft.status;
	if (!desired || desired.generation <= launch.generation || isCurrent(draft, launch)) return void 0;
	if (instance?.state === "Unknown") return void 0;
	if (launch.phase === "Stopped" && isCurrentMachine(draft, launch)) return void 0;
	const at = earliestChange(draft, launch);
	const progressing = progresses(draft, launch);
	if (at <= draft.now.wall && !progressing) return {
		kind: desired.cause,
		ref: String(desired.generation)
	};
	draft.deferredUntil = progressing ? Math.max(at, Date.parse(launch.deadline ?? "")) : at;
	wakeAfter(draft, Math.max(at - draft.now.wall, progressing ? untilDeadline(draft, launch) : 0));
}
function isCurrentMachine(draft, launch) {
	const { desired } = draft.status;
	if (desired === void 0 || launch.machine === void 0) return true;
	return sameMachine(launch.machine, desired.machine) && hasDesiredImage(desired.machine, launch.params?.imageID);
}
function isCurrent(draft, launch) {
	const { desired, instance } = draft.status;
	if (!desired) return true;
	if (!isCurrentMachine(draft, launch)) return false;
	const held = instance?.env;
	if (held === void 0) return true;
	if (isUnderLostKey(draft.facts, held)) return launch.generation >= desired.generation;
	return holdsDesiredEnvironment(draft.facts, desired.env, held);
}
// src/reconcilers/workspace/decide/limits.ts
function occupies(status) {
	const { launch, terminating } = status ?? {};
	return launch !== void 0 && launch.number > 0 && launch.phase !== "Closed" || (terminating?.length ?? 0) > 0;
}
function roomIsLeft({ room }, limits) {
	const { maxInstances = Infinity, maxInstancesPerNamespace = Infinity } = limits;
	return room.taken + room.ahead < maxInstances && room.takenInNamespace + room.aheadInNamespace < maxInstancesPerNamespace;
}
function needsRoom({ facts }) {
	return !occupies(facts.workspace.status);
}
function mayEnter(draft) {
	const { class: klass, fleet, workspace } = draft.facts;
	if (!klass || !needsRoom(draft) || roomIsLeft(fleet, klass.spec)) return true;
	const { maxInstances, maxInstancesPerNamespace } = klass.spec;
	const limits = [...maxInstances === void 0 ? [] : [`maxInstances ${maxInstances}`], ...maxInstancesPerNamespace === void 0 ? [] : [`maxInstancesPerNamespace ${maxInstancesPerNamespace}`]];
	block(draft, "ClassLimitReached", `WorkspaceClass "${klass.metadata.name}" allows no more instances (${limits.join(", ")}); this one is launched, in the order of creation, as soon as there is room. Delete a Workspace of the class in namespace "${workspace.metadata.namespace}" or elsewhere, or ask for a higher limit.`);
	return false;
}
// src/reconcilers/workspace/decide/ending.ts
const HISTORY = 5;
const PROOF_RETRY_MS = 1e3;
function inDoubt(launch) {
	return launch.phase === "Submitted" && launch.instanceID === void 0 && launch.ended === void 0;
}
function findInstance(draft, id) {
	return draft.facts.instances.find((instance) => instance.id === id);
}
function heartbeatOf(draft, launch) {
	return heartbeatOfLaunch(draft.facts.heartbeats.launches, launch);
}
function heartbeatOfLaunch(rows, launch) {
	const row = rows.find((candidate) => candidate.number === launch.number);
	if (row && launch.after && (row.boot ?? 0) <= launch.after.boot) return void 0;
	return row;
}
function provenGone(draft, number, id) {
	const instance = findInstance(draft, id);
	if (!instance) return false;
	if (instance.state === "terminated") return true;
	if (!instance.notFound) return false;
	const { heartbeats, timing } = draft.facts;
	const heard = heartbeats.launches.some((launch) => launch.number === number && launch.fresh);
	const apart = instance.notFound.lastAt - instance.notFound.firstAt;
	return heartbeats.available && !heartbeats.massSilence && !heard && apart >= timing.visibilityMs;
}
function shownAfterMs({ facts: { timing } }) {
	return timing.lateMs + timing.visibilityMs;
}
function wakeForProof(draft, { notFound }) {
	if (!notFound) return;
	const { repairBackoffMinMs, visibilityMs } = draft.facts.timing;
	const proofAt = notFound.firstAt + visibilityMs;
	wakeAfter(draft, notFound.lastAt < proofAt ? Math.max(proofAt - draft.now.mono, PROOF_RETRY_MS) : repairBackoffMinMs);
}
function remember(draft, launch, outcome, message) {
	const history = draft.status.history ?? [];
	if (launch.number < 1 || history.some((entry) => entry.number === launch.number)) return;
	draft.status.history = [{
		number: launch.number,
		generation: launch.generation,
		cause: launch.cause ?? {
			kind: "Created",
			ref: "1"
		},
		outcome,
		instanceID: launch.instanceID,
		endedAt: iso(draft.now.wall),
		readyAt: launch.readyAt,
		message: (message ?? launch.ended?.message)?.slice(0, 1024).toWellFormed()
	}, ...history].slice(0, HISTORY);
}
function trackEnding(draft, number, instanceID) {
	const terminating = draft.status.terminating ?? [];
	if (terminating.some((entry) => entry.instanceID === instanceID)) return;
	draft.status.terminating = [...terminating, {
		number,
		instanceID
	}];
}
function recordEnd(draft, launch, outcome, detail = {}) {
	const { message, refusal } = detail;
	launch.ended = {
		outcome,
		refusal,
		at: iso(draft.now.wall),
		message: message?.slice(0, 1024).toWellFormed()
	};
	remember(draft, launch, outcome);
}
function saidOfEnd({ message, outcome }) {
	const said = (message ?? outcome).trim();
	return /[.!?]$/.test(said) ? said : `${said}.`;
}
// src/reconcilers/workspace/decide/interruption.ts
const TAKEN_BACK = /^Server\.SpotInstance(Termination|Shutdown)\b/;
function takenBack({ stateReason }) {
	return TAKEN_BACK.test(stateReason ?? "");
}
function announcedEnd(draft, launch) {
	if (launch.params?.capacityType !== "Spot" || launch.instanceID === void 0) return void 0;
	const notice = heartbeatOf(draft, launch)?.interruption;
	if (!notice) return void 0;
	return `EC2 takes the Spot instance ${launch.instanceID} back (${notice.action}) at ${iso(notice.at)}; once it has ended it is replaced.`;
}
// src/reconcilers/workspace/decide/backoff.ts
function failuresWith(draft, launch) {
	const { outcome, refusal } = launch.ended ?? {};
	return failuresBefore(draft, launch) + (refusal === "capacity" || outcome === "Interrupted" ? 0 : 1);
}
function failuresBefore(draft, launch) {
	if (!launch.readyAt) return launch.failures;
	return servedUntil(draft, launch) - Date.parse(launch.readyAt) >= draft.facts.timing.repairBackoffMaxMs ? 0 : launch.failures;
}
function servedUntil(draft, launch) {
	if (launch.ended) return Date.parse(launch.ended.at);
	const { silence } = draft.facts.process;
	if (silence?.number !== launch.number) return draft.now.wall;
	return heartbeatOf(draft, launch)?.lastHeartbeatAt ?? silence.at;
}
function backoffMs(draft, launch) {
	const { repairBackoffMinMs, repairBackoffMaxMs } = draft.facts.timing;
	const doublings = Math.min(failuresBefore(draft, launch), 16);
	return Math.min(repairBackoffMinMs * 2 ** doublings, repairBackoffMaxMs);
}
// src/reconcilers/workspace/decide/silence.ts
const SWEEP_RETRY_MS$2 = 1e3;
const SETTLE_PERIODS = 1.5;
function trackSilence(previous, status, heartbeats, now) {
	const launch = status?.launch;
	if (launch?.readyAt === void 0 || !heartbeats.available) return void 0;
	if (isHeard(heartbeatOfLaunch(heartbeats.launches, launch))) return void 0;
	if (previous !== void 0 && previous.since >= (heartbeats.since ?? now.mono) && previous.number === launch.number) return previous;
	return {
		number: launch.number,
		since: now.mono,
		at: now.wall
	};
}
function isHeard(row) {
	return row?.alive === true && row.fresh;
}
function isSilent(draft, launch) {
	const since = silentSince(draft, launch);
	if (since === void 0 || draft.facts.heartbeats.massSilence) return false;
	const wait = since + SETTLE_PERIODS * secondsMs(draft, "periodSeconds", 30) - draft.now.mono;
	if (wait > 0) wakeAfter(draft, wait);
	return wait <= 0;
}
function silentSince(draft, launch) {
	const { heartbeats, process } = draft.facts;
	const row = heartbeatOf(draft, launch);
	if (!heartbeats.available || heartbeats.since === void 0 || isHeard(row)) return void 0;
	if (process.silence?.number !== launch.number || launch.readyAt === void 0) return void 0;
	const since = Math.max(process.silence.since, heartbeats.since);
	return row?.alive ? since : since + heartbeatTimeoutMs(draft);
}
function heartbeatTimeoutMs(draft) {
	return secondsMs(draft, "timeoutSeconds", 90);
}
function secondsMs({ facts }, field, otherwise) {
	return (facts.class?.spec.heartbeat[field] ?? otherwise) * facts.timing.secondMs;
}
function afterSilence(draft, launch) {
	const instance = replaceable(draft, launch);
	const since = silentSince(draft, launch);
	if (!instance || since === void 0 || !isSilent(draft, launch)) return void 0;
	const { facts, now } = draft;
	if (facts.process.console[instance.id] === void 0) {
		propose(draft, {
			kind: "ReadConsole",
			instanceID: instance.id
		});
		return;
	}
	if (!replaces(draft)) return void 0;
	const wait = since + pauseMs$1(draft, launch, instance, since) - now.mono;
	if (wait > 0) {
		wakeAfter(draft, wait);
		return;
	}
	if (facts.sweptAt === void 0 || facts.sweptAt < since) {
		wakeAfter(draft, SWEEP_RETRY_MS$2);
		return;
	}
	return {
		kind: instance.impaired ? "Impaired" : "HeartbeatLost",
		ref: String(launch.number)
	};
}
function replaceable(draft, launch) {
	if (draft.facts.workspace.spec.paused) return void 0;
	if (launch.phase !== "Submitted" || launch.ended || launch.instanceID === void 0) return void 0;
	if (draft.status.instance?.state !== "running") return void 0;
	return findInstance(draft, launch.instanceID);
}
function replaces({ facts }) {
	return facts.class?.spec.repair.policy === "Replace";
}
function pauseMs$1(draft, launch, instance, since) {
	const afterMs = (draft.facts.class?.spec.repair.afterSeconds ?? 300) * draft.facts.timing.secondMs;
	const ahead = instance.impaired ? Math.max(since - instance.impaired.since, 0) : 0;
	return Math.max(afterMs - ahead, heartbeatTimeoutMs(draft), backoffMs(draft, launch));
}
function saidOfSilence(draft, launch) {
	const { silence } = draft.facts.process;
	const heardAt = heartbeatOf(draft, launch)?.lastHeartbeatAt;
	const said = [`No heartbeat from ${launch.instanceID} (launch ${launch.number})${heardAt === void 0 ? "" : ` since ${iso(heardAt)}`}${sayImpaired(draft, launch)}`];
	const instance = replaceable(draft, launch);
	const since = silentSince(draft, launch);
	if (instance && since !== void 0 && silence) {
		const pause = pauseMs$1(draft, launch, instance, since);
		if (replaces(draft)) {
			const at = iso(silence.at + (since - silence.since) + pause);
			said.push(`It is replaced at ${at} unless one comes.`);
		} else said.push("By itself nothing replaces it: spec.repair.policy of its class is None; a restart would.");
	}
	said.push("Look at its console, and at its way to the gateway.");
	const console = draft.facts.process.console[launch.instanceID ?? ""];
	if (console) said.push(`The console ends: ${console}`);
	return said.join(" ");
}
function sayImpaired(draft, launch) {
	const impaired = findInstance(draft, launch.instanceID ?? "")?.impaired;
	return impaired ? `, and EC2’s ${impaired.kind} status check fails.` : ".";
}
// src/reconcilers/workspace/decide/ready.ts
function judgeReady(draft) {
	const { facts, status, blocker } = draft;
	const { launch } = status;
	if (blocker?.reason === "StatusLost") return {
		status: "Unknown",
		...blocker
	};
	if (facts.workspace.metadata.deletionTimestamp !== void 0) return terminating(draft);
	if (!launch || status.observedGeneration < 0) return {
		status: "Unknown",
		reason: "Launching",
		message: "Seen for the first time."
	};
	if (serves(draft, launch)) {
		const announced = announcedEnd(draft, launch);
		return {
			status: "True",
			reason: "Ready",
			message: `${launch.instanceID} is running and sends heartbeats.${announced ? ` ${announced}` : ""}`
		};
	}
	if (blocker) return {
		status: "False",
		...blocker
	};
	return {
		status: "False",
		...progress(draft, launch)
	};
}
function terminating(draft) {
	const { launch, terminating: left } = draft.status;
	const ids = left?.map((entry) => `${entry.instanceID} (launch ${entry.number})`).join(", ");
	const refused = ids && refusedEnd(draft, ids);
	if (refused) return {
		status: "False",
		...refused
	};
	const doubt = launch?.phase === "Submitted" && !launch.instanceID && !launch.ended;
	return {
		status: "False",
		reason: "Terminating",
		message: ids ? `Waiting until EC2 says that ${ids} is terminated.` : doubt ? `Finding out whether launch ${launch.number} created an instance.` : "Letting go."
	};
}
function refusedEnd(draft, ids) {
	const code = draft.facts.process.terminateRefusal;
	return code === void 0 ? void 0 : {
		reason: "TerminationBlocked",
		message: `EC2 refuses to end ${ids} (${code}); see whether termination protection is on, and whether the operator may call TerminateInstances. It is asked again by itself.`
	};
}
function serves(draft, launch) {
	const { facts, status } = draft;
	if (launch.phase !== "Submitted" || launch.ended || status.instance?.id !== launch.instanceID) return false;
	const state = status.instance?.state;
	if (state !== "running" && state !== "Unknown") return false;
	const heard = facts.heartbeats.available && isHeard(heartbeatOf(draft, launch));
	if (state === "running" && heard) return true;
	if (state === "running" && isSilent(draft, launch)) return false;
	return (status.conditions?.find((condition) => condition.type === "Ready"))?.status === "True" && launch.readyAt !== void 0;
}
function progress(draft, launch) {
	const { facts, status } = draft;
	const { spec } = facts.workspace;
	const idle = launch.number === 0 || launch.phase !== "Submitted" || launch.ended !== void 0;
	if (idle && spec.paused) return {
		reason: "Paused",
		message: "spec.paused is set; unset it to go on."
	};
	if (idle && spec.operatingMode === "Stopped") return {
		reason: "Stopped",
		message: `spec.operatingMode is Stopped${status.instance ? `; ${status.instance.id} is ${status.instance.state}` : ""}. Set it to Running to go on.`
	};
	if (launch.number === 0) return {
		reason: "Launching",
		message: "The first launch is being prepared."
	};
	const why = `launch ${launch.number} (${launch.cause?.kind ?? "Created"})`;
	if (launch.phase === "Waiting") {
		const ids = status.terminating?.map((entry) => entry.instanceID).join(", ");
		const refused = ids && refusedEnd(draft, ids);
		if (refused) return refused;
		return ids ? {
			reason: "Restarting",
			message: `Waiting for the end of ${ids}; then follows ${why}.`
		} : {
			reason: launch.number === 1 ? "Launching" : "Restarting",
			message: `About to send ${why}.`
		};
	}
	if (launch.ended) return {
		reason: "Restarting",
		message: `Launch ${launch.number} ended: ${saidOfEnd(launch.ended)}`
	};
	if (launch.instanceID === void 0) return {
		reason: "Launching",
		message: `Asking EC2 for ${why} until the answer is definite.`
	};
	const state = status.instance?.state ?? "Unknown";
	const before = status.conditions?.find((condition) => condition.type === "Ready");
	if (launch.readyAt === void 0) return {
		reason: state === "running" ? "Booting" : "Launching",
		message: `${launch.instanceID} is ${state}; a first heartbeat of ${why} is due by ${launch.deadline}.`
	};
	if (state !== "running") return {
		reason: "HeartbeatLost",
		message: `${launch.instanceID} is ${state}.`
	};
	if (!isSilent(draft, launch)) return before ? {
		reason: before.reason,
		message: before.message
	} : {
		reason: "EvidenceUnavailable",
		message: "Heartbeats can not be judged just now."
	};
	return {
		reason: "HeartbeatLost",
		message: saidOfSilence(draft, launch)
	};
}
// src/reconcilers/workspace/decide/rollout.ts
const PROGRAMMATIC = new Set([
	"SecretChanged",
	"EnvChanged",
	"SpecChanged",
	"ClassChanged"
]);
function isProgrammatic(cause) {
	return cause !== void 0 && PROGRAMMATIC.has(cause.kind);
}
function maxUnavailable({ rollout }, counted) {
	const value = rollout.maxUnavailable;
	const share = Number.parseInt(value, 10);
	return Math.max(1, value.endsWith("%") ? Math.floor(counted * share / 100) : share);
}
function slotIsFree(fleet, spec) {
	return fleet.unavailable + fleet.ahead < maxUnavailable(spec, fleet.counted);
}
function unverified(fleet, contents) {
	return contents.find((name) => {
		const { proven, trying, failing } = fleet.contents[name] ?? {
			proven: false,
			failing: 0
		};
		return failing >= 3 || !proven && (trying !== void 0 || failing > 0);
	});
}
function claim(draft, launch, cause) {
	const room = needsRoom(draft);
	const { class: klass, fleet } = draft.facts;
	if (!klass || !isProgrammatic(cause) || !serves(draft, launch)) return {
		slot: false,
		room,
		contents: []
	};
	const contents = newContents(draft, launch);
	if (isHalted(draft, contents)) return void 0;
	const open = unverified(fleet, contents);
	if (open !== void 0) {
		const first = fleet.contents[open]?.trying;
		hold(draft, "RolloutVerifying", `${first ? `${first} is the first to be replaced for it, and must become Ready` : "it failed"}; status of WorkspaceClass "${klass.metadata.name}" has the rest`);
		return;
	}
	if (slotIsFree(fleet, klass.spec)) return {
		slot: true,
		room,
		contents
	};
	hold(draft, "RolloutQueued", queued(draft, klass.spec));
}
function contentNames({ workspace, machine, environment }) {
	const { desired } = workspace.status ?? {};
	const machines = [desired?.machine, machine].flatMap((it) => it === void 0 ? [] : [classContent(it)]);
	const seen = environment.kind === "Merged" ? Object.values(environment.digests) : [];
	return [...new Set([
		...machines,
		...desired ? [desired.env] : [],
		...seen
	])];
}
function newContents(draft, launch) {
	const { desired } = draft.status;
	if (!desired) return [];
	const ofClass = classContent(desired.machine);
	const anotherClass = !isCurrentMachine(draft, launch) && classContent(launch.machine ?? "") !== ofClass;
	const anotherEnv = !isCurrent(draft, {
		...launch,
		machine: void 0
	});
	return [...anotherClass ? [ofClass] : [], ...anotherEnv ? [desired.env] : []];
}
function isHalted(draft, contents) {
	const { class: klass } = draft.facts;
	const halt = klass?.status?.halted?.find(({ content }) => contents.includes(content));
	if (!klass || !halt) return false;
	block(draft, "RolloutHalted", `Generation ${draft.status.desired?.generation} is not rolled out any further, and the present instance stays: ${halt.message} Mend the class or the Secret, or set spec.requests.resume of WorkspaceClass "${klass.metadata.name}" to a new value.`);
	return true;
}
function queued({ facts, now }, spec) {
	const { ahead, counted, meanMs, unavailable, waiting } = facts.fleet;
	const limit = maxUnavailable(spec, counted);
	const at = meanMs === void 0 ? void 0 : now.wall + (Math.floor(ahead / limit) + 1) * meanMs;
	const about = at === void 0 ? "" : `, its turn is about ${iso(at)}`;
	return `${unavailable} of the class’s Workspaces are down, of at most ${limit}; at ${iso(now.wall)} it was number ${ahead + 1} of ${waiting + 1} in line${about}`;
}
function hold(draft, reason, why) {
	const { desired, conditions } = draft.status;
	const what = `Generation ${desired?.generation} (${desired?.cause}) waits:`;
	const before = conditions?.find(({ type }) => type === "UpToDate");
	block(draft, reason, (before?.reason === reason && before.message.startsWith(what) ? before.message : void 0) ?? `${what} ${why}.`);
}
// src/reconcilers/class/decide/halts.ts
const MOST_HALTS = 8;
function haltsOf({ klass, fleet }, now) {
	const { halted = [], handled } = klass.status ?? {};
	const { resume } = klass.spec.requests;
	if (!handled) return {
		halted: void 0,
		handled: resume ? { resume } : {}
	};
	if (resume && resume !== handled.resume) return {
		halted: void 0,
		handled: {
			resume,
			resumedAt: iso$1(now.wall)
		}
	};
	const waitedFor = new Map(fleet.contents.map((content) => [content.name, content]));
	const kept = halted.filter(({ content }) => (waitedFor.get(content)?.waiting ?? 0) > 0);
	const known = new Set(kept.map(({ content }) => content));
	const more = fleet.contents.filter((content) => !known.has(content.name) && fails(content));
	const all = [...kept, ...more.map(({ name, message }) => ({
		content: name,
		since: iso$1(now.wall),
		message: message.slice(0, 4096)
	}))].slice(0, MOST_HALTS);
	return {
		halted: all.length > 0 ? all : void 0,
		handled
	};
}
function fails({ proven, failing, waiting }) {
	return waiting > 0 && failing >= (proven ? 3 : 1);
}
// src/reconcilers/class/decide/decide.ts
function decideClass(facts, now) {
	const { klass, fleet, resolution, timing } = facts;
	const before = klass.status ?? { observedGeneration: -1 };
	const status = {
		...before,
		observedGeneration: klass.metadata.generation ?? 0,
		counts: fleet.counts,
		resolvedImages: resolution.ok ? resolution.images.map(({ architecture, id }) => ({
			architecture,
			id
		})).sort(byArchitecture) : before.resolvedImages,
		...haltsOf(facts, now)
	};
	status.rollout = progressOf(facts, status, now);
	status.conditions = judge$1(facts, status, now);
	const events = transitions(before.conditions, status.conditions);
	const wait = (facts.wroteAt ?? Number.NEGATIVE_INFINITY) + timing.statusIntervalMs - now.mono;
	if (wait > 0 && isNumbersOnly(before, status)) return {
		status: before,
		events: [],
		requeueAfterMs: Math.ceil(wait)
	};
	return {
		status,
		events,
		requeueAfterMs: timing.resolveIntervalMs
	};
}
function byArchitecture(a, b) {
	return a.architecture < b.architecture ? -1 : 1;
}
function isNumbersOnly(before, after) {
	const essence = ({ counts: _counts, rollout, conditions, ...rest }) => JSON.stringify([
		rest,
		[rollout?.startedAt, rollout?.endedAt],
		conditions?.map(({ type, status, reason, observedGeneration }) => [
			type,
			status,
			reason,
			observedGeneration
		])
	]);
	return essence(before) === essence(after);
}
// src/reconcilers/fleet/permits.ts
function createPermits() {
	const held = new Map();
	return {
		of: (className) => [...held.values()].flatMap((entry) => entry.className === className ? [entry.permit] : []),
		add: (className, permit) => void held.set(permit.uid, {
			className,
			permit
		}),
		drop: (uid) => void held.delete(uid)
	};
}
function factOf(self, tally, others, klass, contents) {
	const known = tally.entries.get(self.uid);
	const slots = others.filter(({ slot }) => slot).length;
	const rooms = others.filter(({ room }) => room);
	const queued = known?.waits === "RolloutQueued";
	return {
		counted: tally.counted,
		unavailable: tally.unavailable + slots - (known?.counts && !known.available ? 1 : 0),
		waiting: tally.queue.length - (queued ? 1 : 0),
		ahead: tally.queue.ahead(self.launchOrder),
		meanMs: tally.replaced > 0 ? tally.replacedMs / tally.replaced : void 0,
		room: {
			taken: tally.occupied + rooms.length - (known?.occupies ? 1 : 0),
			ahead: aheadForRoom(self, tally, klass),
			takenInNamespace: tally.occupiedIn.get(self.namespace) + rooms.filter(({ namespace }) => namespace === self.namespace).length - (known?.occupies ? 1 : 0),
			aheadInNamespace: tally.roomIn.get(self.namespace)?.ahead(self.createdOrder) ?? 0
		},
		contents: Object.fromEntries(contents.map((name) => [name, contentFact(name, tally.contents.get(name), self.key, others, klass)]))
	};
}
function aheadForRoom(self, tally, klass) {
	const most = klass?.spec.maxInstancesPerNamespace;
	if (most === void 0) return tally.room.ahead(self.createdOrder);
	let ahead = 0;
	for (const [namespace, line] of tally.roomIn) {
		const fitting = Math.max(0, most - tally.occupiedIn.get(namespace));
		ahead += Math.min(line.ahead(self.createdOrder), fitting);
	}
	return ahead;
}
function contentFact(name, content, self, others, klass) {
	const taken = others.find(({ contents }) => contents.includes(name))?.key;
	const trying = [...content?.trying ?? []].find((key) => key !== self) ?? taken;
	return {
		proven: (content?.proven ?? 0) > 0,
		trying,
		failing: failuresSince(content, klass).length
	};
}
function failuresSince(content, klass) {
	const resumedAt = klass?.status?.handled?.resumedAt ?? "";
	return [...content?.failing ?? []].flatMap(([key, { times, message }]) => {
		return times.filter((at) => Date.parse(at) > (Date.parse(resumedAt) || 0)).length >= 2 ? [{
			key,
			message
		}] : [];
	});
}
// src/reconcilers/fleet/line.ts
function createLine() {
	const orders = [];
	const keys = [];
	function place(order) {
		let [low, high] = [0, orders.length];
		while (low < high) {
			const middle = low + high >>> 1;
			if ((orders[middle] ?? "") < order) low = middle + 1;
			else high = middle;
		}
		return low;
	}
	return {
		add(order, key) {
			const at = place(order);
			orders.splice(at, 0, order);
			keys.splice(at, 0, key);
		},
		remove(order, key) {
			const at = place(order);
			if (orders[at] !== order || keys[at] !== key) return;
			orders.splice(at, 1);
			keys.splice(at, 1);
		},
		ahead: place,
		first: (count) => keys.slice(0, Math.max(0, count)),
		get length() {
			return orders.length;
		}
	};
}
// src/reconcilers/fleet/tally.ts
function createCounter() {
	const counts = new Map();
	return {
		get: (name) => counts.get(name) ?? 0,
		add(name, by) {
			const next = (counts.get(name) ?? 0) + by;
			if (next === 0) counts.delete(name);
			else counts.set(name, next);
		}
	};
}
function createTally() {
	const entries = new Map();
	const contents = new Map();
	const awaited = new Set();
	const roomIn = new Map();
	function content(name) {
		const known = contents.get(name);
		if (known) return known;
		const made = {
			proven: 0,
			trying: new Set(),
			failing: new Map(),
			verifying: new Set()
		};
		contents.set(name, made);
		return made;
	}
	function tidy(name) {
		const it = contents.get(name);
		if (it?.verifying.size) awaited.add(name);
		else awaited.delete(name);
		if (it && it.proven + it.trying.size + it.failing.size + it.verifying.size === 0) contents.delete(name);
	}
	function countContents(entry, sign) {
		const { key, proves, tries, lacks, fails, waits } = entry;
		for (const name of proves) content(name).proven += sign;
		for (const name of tries) mark(content(name).trying, key, sign);
		if (waits === "RolloutVerifying") for (const name of lacks) mark(content(name).verifying, key, sign);
		if (fails && sign > 0) content(fails.content).failing.set(key, fails);
		if (fails && sign < 0) content(fails.content).failing.delete(key);
		for (const name of [
			...proves,
			...tries,
			...lacks,
			...fails ? [fails.content] : []
		]) tidy(name);
	}
	function countRoom(entry, sign) {
		const { key, namespace, createdOrder } = entry;
		if (entry.occupies) {
			tally.occupied += sign;
			tally.occupiedIn.add(namespace, sign);
		}
		if (!entry.wantsRoom) return;
		const line = roomIn.get(namespace) ?? createLine();
		const told = entry.reason === "ClassLimitReached" ? [tally.turnedAway] : [];
		for (const it of [
			tally.room,
			line,
			...told
		]) if (sign > 0) it.add(createdOrder, key);
		else it.remove(createdOrder, key);
		if (line.length > 0) roomIn.set(namespace, line);
		else roomIn.delete(namespace);
	}
	function count(entry, sign) {
		if (entry.counts) {
			tally.counted += sign;
			if (!entry.available) tally.unavailable += sign;
		}
		countRoom(entry, sign);
		countContents(entry, sign);
		if (entry.waits === "RolloutQueued") {
			if (sign > 0) tally.queue.add(entry.launchOrder, entry.key);
			else tally.queue.remove(entry.launchOrder, entry.key);
		}
		if (entry.replaced) {
			tally.replaced += sign;
			tally.replacedMs += sign * (entry.replaced.to - entry.replaced.from);
		}
	}
	const tally = {
		entries,
		counted: 0,
		unavailable: 0,
		occupied: 0,
		occupiedIn: createCounter(),
		room: createLine(),
		roomIn,
		turnedAway: createLine(),
		queue: createLine(),
		contents,
		awaited,
		replacedMs: 0,
		replaced: 0,
		put(entry) {
			tally.drop(entry.uid);
			entries.set(entry.uid, entry);
			count(entry, 1);
		},
		drop(uid) {
			const entry = entries.get(uid);
			if (!entry) return void 0;
			entries.delete(uid);
			count(entry, -1);
			return entry;
		}
	};
	return tally;
}
function mark(set, key, sign) {
	if (sign > 0) set.add(key);
	else set.delete(key);
}
// src/reconcilers/class/observe.ts
async function observeClass(deps, klass, wroteAt) {
	const resolution = await deps.resolver.resolve(klass.spec);
	const fleet = summarise(deps, klass);
	const now = {
		wall: deps.clock.now(),
		mono: deps.clock.monotonic()
	};
	return {
		facts: {
			klass,
			fleet,
			evidence: {
				heartbeats: deps.evidence.of(klass.metadata.name),
				cloud: deps.evidence.cloud()
			},
			resolution,
			wroteAt,
			timing: deps.timing
		},
		now
	};
}
const BLOCKED = [
	"QuotaExceeded",
	"CapacityUnavailable",
	"ClassLimitReached"
];
function summarise({ fleet }, klass) {
	const tally = fleet.of(klass.metadata.name) ?? createTally();
	const entries = [...tally.entries.values()];
	const rolling = entries.filter((entry) => entry.rolling);
	const inState = (state) => entries.filter((entry) => entry.state === state).length;
	return {
		counts: {
			total: entries.length,
			current: inState("current"),
			updating: inState("updating"),
			failing: inState("failing")
		},
		rolling: rolling.length,
		dueSince: rolling.length > 0 ? Math.min(...rolling.map(({ dueAt }) => dueAt)) : void 0,
		unavailable: tally.unavailable,
		limit: maxUnavailable(klass.spec, tally.counted),
		replaced: entries.flatMap(({ replaced }) => replaced?.from ?? []).sort((a, b) => a - b),
		meanMs: tally.replaced > 0 ? tally.replacedMs / tally.replaced : void 0,
		contents: contentsOf$1(tally, entries, klass),
		blocked: BLOCKED.flatMap((reason) => {
			const keys = entries.filter((entry) => entry.reason === reason).map(({ key }) => key);
			const [example] = keys.sort();
			return example === void 0 ? [] : [{
				reason,
				count: keys.length,
				example
			}];
		})
	};
}
function contentsOf$1(tally, entries, klass) {
	const failed = [...tally.contents].filter(([, { failing }]) => failing.size > 0).map(([name]) => name);
	return [...new Set([...failed, ...(klass.status?.halted ?? []).map(({ content }) => content)])].sort().map((name) => {
		const content = tally.contents.get(name);
		const failures = failuresSince(content, klass);
		return {
			name,
			proven: (content?.proven ?? 0) > 0,
			failing: failures.length,
			message: failures[0]?.message ?? "",
			waiting: entries.filter(({ available, lacks }) => available && lacks.includes(name)).length
		};
	});
}
// src/reconcilers/class/reconciler.ts
function createClassReconciler(deps) {
	const wroteAt = new Map();
	return async function reconcile(name, context) {
		const seen = deps.classes.get(name);
		if (!seen) {
			wroteAt.delete(name);
			return;
		}
		const term = deps.lease.term();
		if (!term || !deps.lease.held()) return void 0;
		const { facts, now } = await observeClass(deps, seen, wroteAt.get(name));
		const decision = decideClass(facts, now);
		try {
			if (await actOnClass(deps, seen, decision, term.id, context)) wroteAt.set(name, deps.clock.monotonic());
			return { requeueAfterMs: decision.requeueAfterMs };
		} catch (error) {
			if (error instanceof LeaseLostError) return void 0;
			throw error;
		}
	};
}
// src/reconcilers/fleet/entry.ts
const FAILED_TRIES = 2;
const UNDER_WAY = new Set([
	"Launching",
	"Booting",
	"Restarting",
	"Paused",
	"Stopped",
	"Terminating",
	"Ready"
]);
const WOULD_LAUNCH = new Set([
	"Launching",
	"ClassLimitReached",
	"Stopped",
	"Paused"
]);
function entryOf(workspace) {
	const { metadata, spec, status } = workspace;
	const { launch, desired } = status ?? {};
	const key = `${metadata.namespace}/${metadata.name}`;
	const ready = conditionOf$1(status, "Ready");
	const available = ready?.status === "True";
	const waits = waitsFor(conditionOf$1(status, "UpToDate")?.reason);
	const stalled = conditionOf$1(status, "Stalled")?.status === "True";
	const runs = spec.operatingMode === "Running" && metadata.deletionTimestamp === void 0;
	const holds = contentsOf(launch?.machine, status?.instance?.env);
	const takesRoom = occupies(status);
	const failed = failedTries(status);
	const aside = stalled || spec.paused || !launch?.number || launch.failures >= FAILED_TRIES || refused(launch);
	const replacing = launch && !launch.readyAt && replacesServing(status) && failed.length < FAILED_TRIES;
	const outdated = desired && launch && launch.number > 0 && desired.generation > launch.generation;
	return {
		key,
		uid: metadata.uid,
		namespace: metadata.namespace,
		className: spec.className,
		createdOrder: `${metadata.creationTimestamp ?? ""} ${key}`,
		launchOrder: `${launch?.submittedAt ?? ""} ${key}`,
		state: stateOf(status, stalled),
		reason: available ? void 0 : ready?.reason,
		message: available ? void 0 : ready?.message,
		counts: runs && (available || !aside),
		available: runs && available,
		occupies: takesRoom,
		wantsRoom: runs && !spec.paused && !takesRoom && !stalled && (!ready || WOULD_LAUNCH.has(ready.reason)),
		waits,
		rolling: runs && !spec.paused && (!stalled || waits === "RolloutHalted") && Boolean(outdated || replacing),
		dueAt: Date.parse(desired?.at ?? "") || 0,
		lacks: desired ? contentsOf(desired.machine, desired.env).filter((name) => !holds.includes(name)) : [],
		proves: available && launch?.readyAt ? holds : [],
		tries: replacing && desired ? contentsOf(launch.machine ?? desired.machine, desired.env) : [],
		fails: failureOf(key, status, failed),
		replaced: replacedAt(launch)
	};
}
function contentsOf(machine, env) {
	return [...machine === void 0 ? [] : [classContent(machine)], ...env === void 0 ? [] : [env]];
}
function conditionOf$1(status, type) {
	return status?.conditions?.find((condition) => condition.type === type);
}
function waitsFor(reason) {
	return reason === "RolloutQueued" || reason === "RolloutVerifying" || reason === "RolloutHalted" ? reason : void 0;
}
function refused({ ended }) {
	return ended?.refusal !== void 0;
}
function stateOf(status, stalled) {
	if (conditionOf$1(status, "Reconciling")?.reason === "Settled") return "current";
	const reason = conditionOf$1(status, "Ready")?.reason;
	return stalled || reason !== void 0 && !UNDER_WAY.has(reason) ? "failing" : "updating";
}
function triesOf(status) {
	const { launch, history = [], desired } = status ?? {};
	if (!launch || !desired) return [];
	const { ended } = launch;
	return [{
		...launch,
		outcome: ended?.outcome,
		endedAt: ended?.at,
		message: ended?.message
	}, ...history.filter(({ number }) => number !== launch.number)].filter(({ generation }) => generation === desired.generation);
}
function replacesServing(status) {
	return triesOf(status).some(({ cause }) => isProgrammatic(cause));
}
function failedTries(status) {
	if (!replacesServing(status)) return [];
	return triesOf(status).filter(({ outcome, readyAt }) => !readyAt && (outcome === "TimedOut" || outcome === "Ended" || outcome === "Lost"));
}
function failureOf(key, status, failed) {
	const { desired, launch } = status ?? {};
	if (!desired || launch?.readyAt || failed.length < FAILED_TRIES) return void 0;
	const content = desired.cause === "ClassChanged" ? classContent(desired.machine) : desired.cause === "SecretChanged" || desired.cause === "EnvChanged" ? desired.env : void 0;
	if (content === void 0) return void 0;
	const said = failed.find(({ message }) => message !== void 0)?.message ?? "";
	const message = `${failed.length} launches of ${key} with it (${desired.cause}) never became Ready. ${said}`.trim();
	return {
		content,
		times: failed.map(({ endedAt }) => endedAt ?? ""),
		message
	};
}
function replacedAt(launch) {
	if (!launch?.openedAt || !launch.readyAt || !isProgrammatic(launch.cause)) return;
	const [from, to] = [Date.parse(launch.openedAt), Date.parse(launch.readyAt)];
	return to >= from ? {
		from,
		to
	} : void 0;
}
// src/reconcilers/fleet/waking.ts
function nextInLine(tally, permits, klass) {
	return [
		...forSlot(tally, permits, klass),
		...forRoom(tally, permits, klass),
		...forProof(tally)
	];
}
function forSlot(tally, permits, klass) {
	if (tally.queue.length === 0) return [];
	const taken = tally.unavailable + permits.filter(({ slot }) => slot).length;
	return tally.queue.first(maxUnavailable(klass.spec, tally.counted) - taken);
}
function forRoom(tally, permits, { spec }) {
	const { turnedAway } = tally;
	const { maxInstances = Infinity, maxInstancesPerNamespace = Infinity } = spec;
	const free = maxInstances - tally.occupied - permits.filter(({ room }) => room).length;
	if (turnedAway.length === 0 || free <= 0) return [];
	if (maxInstancesPerNamespace === Infinity) return turnedAway.first(free);
	const left = new Map();
	const woken = [];
	for (const key of turnedAway.first(turnedAway.length)) {
		const namespace = key.slice(0, key.indexOf("/"));
		const fitting = left.get(namespace) ?? maxInstancesPerNamespace - tally.occupiedIn.get(namespace);
		left.set(namespace, fitting - 1);
		if (fitting > 0) woken.push(key);
		if (woken.length >= free) break;
	}
	return woken;
}
function forProof({ awaited, contents }) {
	return [...awaited].flatMap((name) => {
		const content = contents.get(name);
		if (!content || content.proven === 0 && content.trying.size > 0) return [];
		return [...content.verifying];
	});
}
// src/reconcilers/fleet/fleet.ts
function createFleet({ workspaces, classes, onClass, onPlace }) {
	const tallies = new Map();
	const classOf = new Map();
	const permits = createPermits();
	function put(workspace) {
		const entry = entryOf(workspace);
		if (classOf.get(entry.uid) !== entry.className) drop(entry.uid);
		classOf.set(entry.uid, entry.className);
		const tally = tallies.get(entry.className) ?? createTally();
		tallies.set(entry.className, tally);
		tally.put(entry);
		return entry.className;
	}
	function drop(uid) {
		const className = classOf.get(uid);
		if (className === void 0) return;
		classOf.delete(uid);
		const tally = tallies.get(className);
		tally?.drop(uid);
		if (tally?.entries.size === 0) tallies.delete(className);
	}
	function wake(className) {
		onClass(className);
		const tally = tallies.get(className);
		const klass = classes.get(className);
		if (!tally || !klass) return;
		for (const key of nextInLine(tally, permits.of(className), klass)) onPlace(key);
	}
	function factFor(workspace, contents) {
		const { className } = workspace.spec;
		const tally = tallies.get(className) ?? createTally();
		const others = permits.of(className).filter(({ uid }) => uid !== workspace.metadata.uid);
		return factOf(entryOf(workspace), tally, others, classes.get(className), contents);
	}
	for (const workspace of workspaces.list()) put(workspace);
	workspaces.onChange(({ type, object, old }) => {
		permits.drop(object.metadata.uid);
		const before = classOf.get(object.metadata.uid);
		if (type === "deleted") drop((old ?? object).metadata.uid);
		else put(object);
		for (const className of new Set([before, object.spec.className])) if (className !== void 0) wake(className);
	});
	return {
		of: (className) => tallies.get(className),
		factFor,
		take(workspace, claim) {
			const { metadata, spec } = workspace;
			const klass = classes.get(spec.className);
			if (!klass) return true;
			const fact = factFor(workspace, claim.contents);
			if (claim.slot && !slotIsFree(fact, klass.spec)) return false;
			if (claim.slot && unverified(fact, claim.contents) !== void 0) return false;
			if (claim.room && !roomIsLeft(fact, klass.spec)) return false;
			const permit = {
				...claim,
				uid: metadata.uid,
				key: objectKey(workspace),
				namespace: metadata.namespace
			};
			permits.add(spec.className, permit);
			return true;
		},
		giveBack(uid) {
			const className = classOf.get(uid);
			permits.drop(uid);
			if (className !== void 0) wake(className);
		}
	};
}
// src/reconcilers/orphans/metrics.ts
function createOrphanMetrics(registry) {
	return {
		orphans: new Gauge({
			name: "workspace_orphans",
			help: "Live instances of this cluster that no Workspace owns, by verdict; absent where nobody looks.",
			labelNames: ["verdict"],
			registers: [registry]
		}),
		ended: new Counter({
			name: "workspace_orphans_ended_total",
			help: "Instances without an owner that TerminateInstances was accepted for.",
			registers: [registry]
		})
	};
}
// src/reconcilers/orphans/decide/judge.ts
const ORPHAN_VERDICTS = [
	"Young",
	"Heartbeating",
	"Foreign",
	"Due"
];
function judgeOrphans(facts, now) {
	const { sweep, listedAt, termAt } = facts;
	if (sweep.begunAt < termAt || listedAt < sweep.endedAt) return {
		orphans: [],
		end: [],
		hold: "NotLookedYet"
	};
	const judged = facts.instances.filter((instance) => instance.clusterID === facts.clusterID).filter(({ uid }) => uid === void 0 || !facts.owners.has(uid)).map((instance) => ({
		instance,
		verdict: judge(facts, instance, now)
	}));
	const orphans = judged.map(({ instance, verdict }) => ({
		id: instance.id,
		verdict
	}));
	const due = judged.flatMap(({ instance, verdict }) => verdict === "Due" ? [instance] : []);
	const hold = holdOf(facts, now.mono);
	if (hold !== void 0) return {
		orphans,
		end: [],
		hold
	};
	return {
		orphans,
		end: due.sort(inTurn).slice(0, facts.mostPerRound).map(({ id }) => id)
	};
}
function judge(facts, instance, now) {
	const { uid, number, launchedAt, unownedSince } = instance;
	if (uid === void 0 || number === void 0) return "Foreign";
	if (instance.clientToken !== clientToken(facts.clusterID, uid, number)) return "Foreign";
	if (instance.heartbeats) return "Heartbeating";
	const alone = unownedSince !== void 0 && now.mono - unownedSince >= facts.graceMs;
	const old = launchedAt === void 0 || now.wall - launchedAt >= facts.graceMs;
	return alone && old ? "Due" : "Young";
}
function holdOf({ owners, evidenceSince, graceMs, policy }, mono) {
	if (owners.size === 0) return "ListEmpty";
	if (evidenceSince === void 0 || mono - evidenceSince < graceMs) return "NoEvidence";
	return policy === "Report" ? "Reporting" : void 0;
}
function inTurn(a, b) {
	return (a.endSentAt ?? 0) - (b.endSentAt ?? 0) || (a.launchedAt ?? 0) - (b.launchedAt ?? 0) || (a.id < b.id ? -1 : 1);
}
// src/reconcilers/orphans/earlier.ts
function createEarlierSelves(onChange) {
	let byKey;
	return {
		replace(orphans) {
			const next = new Map();
			for (const { instance, verdict } of orphans) {
				const { [TAG.uid]: uid, [TAG.namespace]: namespace, [TAG.name]: name } = instance.tags;
				if (uid === void 0 || namespace === void 0 || name === void 0) continue;
				const key = `${namespace}/${name}`;
				next.set(key, [...next.get(key) ?? [], {
					id: instance.id,
					uid,
					heartbeats: verdict === "Heartbeating"
				}]);
			}
			for (const list of next.values()) list.sort((a, b) => a.id < b.id ? -1 : 1);
			const before = byKey;
			byKey = next;
			for (const key of new Set([...before?.keys() ?? [], ...next.keys()])) if (JSON.stringify(before?.get(key)) !== JSON.stringify(next.get(key))) onChange(key);
		},
		of: (key) => byKey && (byKey.get(key) ?? []),
		clear() {
			byKey = void 0;
		}
	};
}
// src/reconcilers/orphans/facts.ts
const LIVE = new Set([
	"pending",
	"running",
	"stopping",
	"stopped"
]);
function isLive({ state, missing, notFound }) {
	return LIVE.has(state) && !missing && !notFound;
}
function taggedInstance(instance, evidence, memory) {
	const { id, clientToken, launchTime, tags } = instance;
	const uid = tags[TAG.uid];
	const number = /^[1-9][0-9]{0,8}$/.test(tags[TAG.number] ?? "") ? Number(tags[TAG.number]) : void 0;
	const rows = uid === void 0 ? [] : evidence.ofWorkspace(uid);
	return {
		id,
		clientToken,
		launchedAt: launchTime === void 0 ? void 0 : Date.parse(launchTime),
		clusterID: tags[TAG.cluster],
		uid,
		number,
		heartbeats: rows.some((row) => row.number === number && row.fresh),
		unownedSince: memory?.unownedSince,
		endSentAt: memory?.endSentAt
	};
}
function describeOrphan({ id, state, tags }) {
	const { [TAG.uid]: uid, [TAG.namespace]: namespace, [TAG.name]: name, [TAG.number]: number } = tags;
	return {
		instanceID: id,
		state,
		uid,
		namespace,
		name,
		number
	};
}
// src/reconcilers/orphans/reports.ts
const SAID = {
	Young: "It is watched until the grace is over.",
	Heartbeating: "It still heartbeats, so it is left alone; end it by hand if nobody needs it.",
	Foreign: "Its tags are not those of a launch of this operator, so it is never ended; see who tagged it.",
	Due: "It does not heartbeat."
};
function createOrphanReports(deps) {
	const { events, kube, leaseTarget, settings } = deps;
	const logger = deps.logger.child({ component: "orphans" });
	let hold;
	let regarding;
	async function record(type, reason, note) {
		regarding ??= kube.get(LEASES, leaseTarget.name, leaseTarget.namespace).then(({ metadata: { uid } }) => ({
			apiVersion: "coordination.k8s.io/v1",
			kind: "Lease",
			...leaseTarget,
			uid
		}));
		try {
			events.record({
				regarding: await regarding,
				type,
				reason,
				action: "LookForOrphans",
				note
			});
		} catch (error) {
			regarding = void 0;
			logger.warn({
				err: error,
				reason
			}, "no event: the operator’s Lease can not be read");
		}
	}
	function nameOf(instance) {
		const { instanceID, state, uid, namespace, name, number } = describeOrphan(instance);
		return `${instanceID} (${state}), tagged as ${uid === void 0 ? "no Workspace" : `launch ${number} of Workspace ${namespace}/${name} (uid ${uid})`}`;
	}
	return {
		held(next) {
			if (next !== hold && next !== void 0) logger.info({
				event: "orphans.held",
				reason: next
			}, "no instance without an owner is ended");
			hold = next;
		},
		found(instance, verdict) {
			const about = {
				event: "orphan.found",
				...describeOrphan(instance),
				verdict
			};
			logger.warn(about, "an instance of this cluster has no Workspace");
			if (verdict === "Young") return;
			const would = verdict === "Due" && settings.policy === "Report" ? " It is reported only: --orphans-policy Terminate would have it ended." : "";
			record("Warning", "OrphanFound", `${nameOf(instance)}, belongs to no Workspace. ${SAID[verdict]}${would}`);
		},
		ended(instance) {
			logger.warn({
				event: "orphan.ended",
				...describeOrphan(instance)
			}, "an orphan is being terminated");
			record("Normal", "OrphanEnded", `${nameOf(instance)}, belonged to no Workspace and was terminated.`);
		},
		failed({ action, code, class: kind, requestID, message }) {
			logger.warn({
				event: "ec2.failed",
				effect: "EndOrphan",
				action,
				code,
				class: kind,
				requestID
			}, message);
		},
		notLooked(error) {
			logger.warn({ err: error }, "orphans not looked for; again after a later sweep");
		}
	};
}
// src/reconcilers/orphans/orphans.ts
function createOrphans(deps) {
	const { cloud, clock, evidence, lease, metrics, settings } = deps;
	const memory = new Map();
	const earlier = createEarlierSelves(deps.onChange);
	const reports = createOrphanReports(deps);
	let begunAt = Number.NEGATIVE_INFINITY;
	let running;
	async function round(term) {
		const sweep = cloud.lastSweep();
		if (!sweep) return;
		const live = cloud.all().filter(isLive);
		const candidates = live.filter(({ tags }) => !isOwnedInCache(tags[TAG.uid]));
		let decision = {
			orphans: [],
			end: []
		};
		if (candidates.length > 0) {
			const listedAt = clock.monotonic();
			const { items } = await listAll(deps.kube, WORKSPACES, { metadataOnly: true });
			decision = judge(term, sweep, candidates, {
				listedAt,
				owners: new Set(items.map(({ metadata }) => metadata.uid))
			});
		}
		if (decision.hold === "NotLookedYet") return;
		remember(decision);
		tell(live, decision);
		await end(term, live, decision.end);
	}
	function isOwnedInCache(uid) {
		return uid !== void 0 && deps.workspaces.byIndex("uid", uid).length > 0;
	}
	function judge({ acquiredAt: termAt }, sweep, candidates, list) {
		const instances = candidates.map((instance) => taggedInstance(instance, evidence, memory.get(instance.id)));
		const { clusterID } = deps;
		const evidenceSince = evidence.availableSince();
		return judgeOrphans({
			clusterID,
			termAt,
			sweep,
			instances,
			...list,
			evidenceSince,
			...settings
		}, {
			wall: clock.now(),
			mono: clock.monotonic()
		});
	}
	function remember({ orphans }) {
		const known = new Set(orphans.map(({ id }) => id));
		for (const id of memory.keys()) if (!known.has(id)) memory.delete(id);
		for (const id of known) if (!memory.has(id)) memory.set(id, { unownedSince: clock.monotonic() });
	}
	function tell(live, { orphans, hold }) {
		const byID = new Map(live.map((instance) => [instance.id, instance]));
		const judged = orphans.flatMap(({ id, verdict }) => {
			const [instance, mine] = [byID.get(id), memory.get(id)];
			return instance && mine ? [{
				instance,
				mine,
				verdict
			}] : [];
		});
		for (const verdict of ORPHAN_VERDICTS) metrics.orphans.set({ verdict }, judged.filter((orphan) => orphan.verdict === verdict).length);
		reports.held(judged.some(({ verdict }) => verdict === "Due") ? hold : void 0);
		for (const { instance, mine, verdict } of judged) {
			if (mine.told !== verdict) reports.found(instance, verdict);
			mine.told = verdict;
		}
		earlier.replace(judged.map(({ instance, verdict }) => ({
			instance,
			verdict
		})));
	}
	async function end(term, live, ids) {
		const guard = () => {
			if (!lease.held() || lease.term()?.id !== term.id) throw new Error("the lease may be held by another");
		};
		for (const id of ids) {
			const [instance, mine] = [live.find((one) => one.id === id), memory.get(id)];
			if (!instance || !mine || lease.term()?.id !== term.id) return;
			mine.endSentAt = clock.monotonic();
			try {
				await deps.calls.terminateInstances([id], { beforeSend: guard });
				metrics.ended.inc();
				reports.ended(instance);
			} catch (error) {
				if (!isEc2Failure(error)) throw error;
				reports.failed(error);
			}
		}
	}
	return {
		swept() {
			const term = lease.term();
			if (!term || running || clock.monotonic() - begunAt < settings.intervalMs) return;
			begunAt = clock.monotonic();
			running = round(term).catch((error) => reports.notLooked(error)).finally(() => {
				running = void 0;
			});
		},
		earlierSelves: (key) => earlier.of(key),
		async stop() {
			await running;
			metrics.orphans.reset();
			memory.clear();
			earlier.clear();
			begunAt = Number.NEGATIVE_INFINITY;
		}
	};
}
// src/reconcilers/workspace/decide/ledger.ts
function ledgerBetween(before, after) {
	if (!before?.launch || !after?.launch || before.uid !== after.uid) return [];
	return [
		...started(before, after),
		...stopped(before, after),
		...deferred(before, after)
	];
}
function started(before, after) {
	const { number = 0, instanceID: known } = before.launch ?? {};
	const isNew = (it) => it.number > number || it.number === number && known === void 0;
	const { launch, history = [] } = after;
	const present = launch?.params && !history.some((past) => past.number === launch.number) ? [launch] : [];
	return [...history.toReversed(), ...present].flatMap((it) => {
		const { number: of, generation, cause, instanceID } = it;
		if (!isNew(it) || instanceID === void 0) return [];
		const { kind, ref } = cause ?? {
			kind: "Created",
			ref: ""
		};
		return [{
			kind: "started",
			number: of,
			generation,
			cause: kind,
			ref,
			instanceID
		}];
	});
}
function stopped(before, after) {
	const left = new Set(after.terminating?.map(({ instanceID }) => instanceID));
	const gone = new Map();
	for (const { number, instanceID } of before.terminating ?? []) if (!left.has(instanceID)) gone.set(instanceID, number);
	const known = new Set(overIn(before).map(({ instanceID }) => instanceID));
	for (const { number, instanceID = "" } of overIn(after)) if (!known.has(instanceID)) gone.set(instanceID, number);
	return [...gone].map(([instanceID, number]) => {
		const past = after.history?.find((entry) => entry.number === number);
		return {
			kind: "stopped",
			number,
			generation: past?.generation ?? 0,
			cause: past?.cause.kind ?? "Created",
			ref: past?.cause.ref ?? "",
			instanceID,
			outcome: past?.outcome ?? "Superseded"
		};
	});
}
function overIn({ history = [], terminating = [] }) {
	const waited = new Set(terminating.map(({ instanceID }) => instanceID));
	return history.filter(({ instanceID }) => instanceID !== void 0 && !waited.has(instanceID));
}
function deferred(before, after) {
	const [was, is] = [deferralOf(before), deferralOf(after)];
	const { desired } = after;
	if (!desired || is === void 0 || is.generation === was?.generation) return [];
	return [{
		kind: "deferred",
		generation: desired.generation,
		cause: desired.cause,
		until: is.until
	}];
}
function deferralMessage(of) {
	return `${of.cause} (generation ${of.generation})${of.names} is carried out at ${of.until} at the latest: ${of.why}.`;
}
function deferralOf({ conditions }) {
	const shown = conditions?.find(({ type, reason }) => type === "UpToDate" && reason === "Deferred");
	const [, generation, until] = /\(generation (\d+)\).* is carried out at (\S+) at the latest: /s.exec(shown?.message ?? "") ?? [];
	return generation === void 0 || until === void 0 ? void 0 : {
		generation: Number(generation),
		until
	};
}
// src/reconcilers/workspace/ledger.ts
function keepLedger(workspaces, { lease, logger, metrics }) {
	workspaces.onChange(({ type, object, old }) => {
		if (type !== "updated" || !lease.held()) return;
		const { namespace, name, uid } = object.metadata;
		const entries = ledgerBetween(old?.status, object.status);
		if (entries.length === 0) return;
		const named = logger.child({
			controller: "workspace",
			namespace,
			name
		});
		for (const entry of entries) tell(named, metrics, uid, entry);
	});
}
function tell(logger, metrics, uid, entry) {
	const { kind, ...fields } = entry;
	switch (kind) {
		case "started":
			metrics.provisions.inc({ cause: entry.cause });
			logger.info({
				event: "provision.ec2_started",
				uid,
				...fields
			}, "provision started");
			return;
		case "stopped":
			logger.info({
				event: "provision.ec2_stopped",
				uid,
				...fields
			}, "provision stopped");
			return;
		case "deferred":
			metrics.deferred.inc({ cause: entry.cause });
			logger.info({
				event: "change.deferred",
				uid,
				...fields
			}, "change deferred");
			return;
	}
}
// src/reconcilers/workspace/metrics.ts
function createWorkspaceMetrics(registry) {
	return {
		provisions: new Counter({
			name: "workspace_provisions_total",
			help: "Instances provisioned (accepted RunInstances), by what they were for.",
			labelNames: ["cause"],
			registers: [registry]
		}),
		deferred: new Counter({
			name: "workspace_changes_deferred_total",
			help: "Changes that had to wait because the present launch was too young or still progressing, by cause.",
			labelNames: ["cause"],
			registers: [registry]
		})
	};
}
// src/reconcilers/workspace/decide/offerings.ts
function rankOfferings(spec, klass, resolved, uid) {
	const types = spec.instanceType ? klass.instanceTypes.filter((type) => type.name === spec.instanceType) : klass.instanceTypes;
	const subnets = resolved.subnets.map((subnet) => ({
		subnet,
		rank: createHash("sha256").update(`${uid}/${subnet.id}`).digest("hex")
	})).sort((a, b) => a.rank < b.rank ? -1 : 1);
	return klass.capacityTypes.flatMap((capacityType) => types.flatMap((type) => subnets.map(({ subnet }) => ({
		instanceType: type.name,
		architecture: type.architecture ?? "x86_64",
		subnetID: subnet.id,
		zone: subnet.zone,
		capacityType
	}))));
}
function fingerprint(params) {
	const { tags: _tags, userData: _userData, ...shape } = params;
	return createHash("sha256").update(JSON.stringify(shape)).digest("hex");
}
// src/reconcilers/workspace/decide/candidate.ts
function launchable(draft) {
	const { facts } = draft;
	const { spec, metadata } = facts.workspace;
	if (!facts.class) block(draft, "ClassNotFound", `WorkspaceClass "${spec.className}" does not exist; create it, or name another one in spec.className.`);
	else if (!facts.classAllowed) block(draft, "ClassNotAllowed", `WorkspaceClass "${spec.className}" does not allow namespace "${metadata.namespace}"; ask its owner to add the namespace to spec.allowedNamespaces.`);
	else if (facts.environment.kind === "Missing") block(draft, "SecretMissing", `Secret ${facts.environment.secrets.map((name) => `"${name}"`).join(", ")} not found in namespace "${metadata.namespace}"; create it, or mark the reference optional.`);
	else if (spec.instanceType && !facts.class.spec.instanceTypes.some((t) => t.name === spec.instanceType)) {
		const offered = facts.class.spec.instanceTypes.map((type) => type.name).join(", ");
		block(draft, "InvalidConfiguration", `spec.instanceType ${spec.instanceType} is not offered by WorkspaceClass "${spec.className}"; choose one of ${offered}.`);
	}
	return draft.blocker === void 0;
}
function candidate(draft, number) {
	const { facts } = draft;
	if (!launchable(draft) || !facts.class) return void 0;
	if (facts.environment.kind !== "Merged" || !draft.status.desired) return void 0;
	if (!facts.userData.ok) {
		block(draft, facts.userData.kind === "invalid" ? "InvalidConfiguration" : "CloudUnavailable", facts.userData.message);
		wakeAfter(draft, facts.timing.repairBackoffMinMs);
		return;
	}
	if (!facts.resolution) {
		draft.needsResolution = true;
		return;
	}
	if (!facts.resolution.ok) {
		block(draft, facts.resolution.kind === "missing" ? "InvalidConfiguration" : "CloudUnavailable", `WorkspaceClass "${facts.workspace.spec.className}": ${facts.resolution.message}`);
		wakeAfter(draft, facts.timing.repairBackoffMinMs);
		return;
	}
	const offering = availableOffering(draft);
	return offering && paramsOf(draft, offering, number);
}
function availableOffering(draft) {
	const { facts, now } = draft;
	if (!facts.class || !facts.resolution?.ok) return void 0;
	const { spec, metadata } = facts.workspace;
	const all = rankOfferings(spec, facts.class.spec, facts.resolution, metadata.uid);
	const retryAt = all.map((offering) => facts.unavailable.get(offeringKey(offering)) ?? 0);
	const index = retryAt.findIndex((at) => at <= now.mono);
	if (index >= 0) return all[index];
	block(draft, "CapacityUnavailable", `EC2 has no capacity for ${[...new Set(all.map((offering) => offering.instanceType))].join(", ")} in ${[...new Set(all.map((offering) => offering.zone))].join(", ")}; asked again by itself. More types or subnets in the class would help.`);
	if (retryAt.length > 0) wakeAfter(draft, Math.min(...retryAt) - now.mono);
}
function paramsOf(draft, offering, number) {
	const { class: klass, clusterID, resolution, userData, workspace } = draft.facts;
	if (!klass || !resolution?.ok || !userData.ok) return void 0;
	const image = resolution.images.find((candidate) => candidate.architecture === offering.architecture);
	if (!image) {
		block(draft, "InvalidConfiguration", `WorkspaceClass "${klass.metadata.name}" has no image for ${offering.architecture}, which ${offering.instanceType} needs.`);
		return;
	}
	const { metadata } = workspace;
	const own = [
		[TAG.cluster, clusterID],
		[TAG.uid, metadata.uid],
		[TAG.namespace, metadata.namespace],
		[TAG.name, metadata.name],
		[TAG.number, String(number)],
		[TAG.generation, String(draft.status.desired?.generation ?? 0)]
	];
	const named = {
		Name: `${metadata.namespace}/${metadata.name}`.slice(0, 256),
		...klass.spec.tags
	};
	const extra = Object.entries(named).sort(([a], [b]) => a < b ? -1 : 1);
	const { sizeGiB, type, iops, throughput, kmsKeyID } = klass.spec.rootVolume;
	return {
		imageID: image.id,
		instanceType: offering.instanceType,
		capacityType: offering.capacityType,
		subnetID: offering.subnetID,
		zone: offering.zone,
		securityGroupIDs: [...resolution.securityGroupIDs],
		instanceProfile: klass.spec.instanceProfile,
		rootVolume: {
			deviceName: image.rootDeviceName,
			sizeGiB,
			type,
			iops,
			throughput,
			kmsKeyID
		},
		tags: [...own, ...extra].map(([key, value]) => ({
			key,
			value
		})),
		userData: userData.source
	};
}
// src/reconcilers/workspace/decide/recovery.ts
function isForeign({ metadata, status }) {
	return status?.uid !== void 0 && status.uid !== metadata.uid;
}
function looksLost(draft) {
	const { facts, status } = draft;
	if (!status.launch || isForeign(facts.workspace)) return true;
	if (facts.process.suspectSince !== void 0) return true;
	return aboveOurs(draft) !== void 0;
}
function highest(instances) {
	return instances.reduce((best, instance) => !best || instance.number > best.number ? instance : best, void 0);
}
function aboveOurs(draft) {
	const top = highest(draft.facts.instances);
	return top && top.number > (draft.status.launch?.number ?? 0) ? top : void 0;
}
function recover(draft) {
	if (!looksLost(draft)) return true;
	const { facts, now, status } = draft;
	const needed = Math.max(facts.process.suspectSince ?? now.mono, facts.process.termAt) + shownAfterMs(draft);
	if (facts.sweptAt === void 0 || facts.sweptAt < needed) {
		block(draft, "StatusLost", `${isForeign(facts.workspace) ? `The recorded status came with another object (uid ${status.uid}), as from a backup` : "The recorded status was wiped or rolled back"}; waiting for a complete look at EC2 before anything is launched or ended.`);
		wakeAfter(draft, Math.max(needed - now.mono, 1e3));
		return false;
	}
	draft.settled = true;
	if (isForeign(facts.workspace)) draft.status = {
		observedGeneration: -1,
		provisions: 0
	};
	const found = aboveOurs(draft);
	if (found) adopt(draft, found);
	else if (!draft.status.launch) {
		draft.status.uid = facts.workspace.metadata.uid;
		draft.status.launch = {
			number: 0,
			generation: 0,
			phase: "Closed",
			failures: 0
		};
		answerPresentRequest(draft);
	}
	return true;
}
function answerPresentRequest(draft) {
	const restart = draft.facts.workspace.spec.requests.restart;
	draft.status.handled = restart ? { restart } : {};
}
function adopt(draft, found) {
	const { status, now } = draft;
	status.uid = draft.facts.workspace.metadata.uid;
	const submittedAt = found.launchTime ?? iso(now.wall);
	if (status.desired) status.desired.generation = Math.max(found.generation, status.desired.generation) + 1;
	status.launch = {
		number: found.number,
		generation: found.generation,
		cause: {
			kind: "Lost",
			ref: String(status.launch?.number ?? 0)
		},
		phase: "Submitted",
		submittedAt,
		deadline: iso(now.wall + startupTimeoutMs(draft)),
		failures: 0,
		instanceID: found.id
	};
	status.provisions += 1;
	answerPresentRequest(draft);
}
function startupTimeoutMs(draft) {
	return (draft.facts.class?.spec.startupTimeoutSeconds ?? 900) * draft.facts.timing.secondMs;
}
// src/reconcilers/workspace/decide/repair.ts
function pauseMs(draft, launch, { outcome }) {
	if (outcome !== "Interrupted") return backoffMs(draft, launch);
	return launch.readyAt === void 0 ? draft.facts.timing.repairBackoffMinMs : 0;
}
function afterEnd(draft, launch, ended) {
	const cause = {
		kind: endKind(ended.outcome),
		ref: String(launch.number)
	};
	if (ended.refusal === "capacity") return cause;
	const at = (draft.status.desired?.generation ?? 0) > launch.generation ? earliestChange(draft, launch) : Date.parse(ended.at) + pauseMs(draft, launch, ended);
	if (at <= draft.now.wall) return cause;
	wakeAfter(draft, at - draft.now.wall);
	explain(draft, launch, ended, `the next attempt is at ${iso(at)}`);
}
function endKind(outcome) {
	if (outcome === "Refused" || outcome === "Lost" || outcome === "TimedOut") return outcome;
	return outcome === "Interrupted" ? outcome : "Ended";
}
function explain(draft, launch, ended, next) {
	if (ended.refusal === "quota") block(draft, "QuotaExceeded", `${saidOfEnd(ended)} Ask AWS for a higher quota; ${next}.`);
	else if (ended.refusal === "userFix") block(draft, "InvalidConfiguration", `EC2 refused the launch: ${saidOfEnd(ended)} Mend the class or the Workspace; ${next}.`);
	else block(draft, "Restarting", `Launch ${launch.number} ended: ${saidOfEnd(ended)} Replaced after a pause; ${next}.`);
}
function afterTimeout(draft, launch) {
	if (launch.phase !== "Submitted" || launch.readyAt || launch.instanceID === void 0) return void 0;
	const { facts } = draft;
	const left = untilDeadline(draft, launch);
	if (left > 0) {
		wakeAfter(draft, left);
		return;
	}
	if (!heardLongEnough(draft) || bindsStill(draft)) return void 0;
	const console = facts.process.console[launch.instanceID];
	if (console === void 0) propose(draft, {
		kind: "ReadConsole",
		instanceID: launch.instanceID
	});
	const pause = backoffMs(draft, launch);
	const at = Date.parse(launch.deadline ?? "") + pause;
	const tail = console ? ` The console ends: ${console}` : "";
	if (left + pause <= 0 && console !== void 0) return {
		kind: "TimedOut",
		ref: String(launch.number)
	};
	block(draft, "StartupTimeout", `No heartbeat from ${launch.instanceID} (launch ${launch.number}) by ${launch.deadline}; it is replaced at ${iso(at)} unless one comes.${tail}`);
	wakeAfter(draft, left + pause);
}
function heardLongEnough(draft) {
	const { available, since, massSilence } = draft.facts.heartbeats;
	if (!available || massSilence || since === void 0) {
		wakeAfter(draft, draft.facts.timing.repairBackoffMinMs);
		return false;
	}
	const wait = since + heartbeatTimeoutMs(draft) - draft.now.mono;
	if (wait > 0) wakeAfter(draft, wait);
	return wait <= 0;
}
function bindsStill(draft) {
	const { facts, now, status } = draft;
	if (status.instance?.env !== void 0 || !status.desired) return false;
	const countedAt = Date.parse(status.desired.at);
	const until = (countedAt > now.wall ? Number.NEGATIVE_INFINITY : countedAt) + heartbeatTimeoutMs(draft);
	if (facts.process.change === void 0 && until <= now.wall) return false;
	block(draft, "SecretsUnstable", `The Secrets changed again (last counted at ${status.desired.at}) before the instance could fetch its environment; if they keep changing, find what rewrites them.`);
	if (until > now.wall) wakeAfter(draft, until - now.wall);
	return true;
}
// src/reconcilers/workspace/decide/supersede.ts
const REASONS = {
	quota: "QuotaExceeded",
	userFix: "InvalidConfiguration",
	retry: "CloudUnavailable"
};
function supersede(draft) {
	const { launch } = draft.status;
	const { spec } = draft.facts.workspace;
	if (!launch || inDoubt(launch)) return;
	if (spec.operatingMode === "Stopped" || launch.phase === "Waiting") return;
	const cause = spec.paused ? void 0 : wanted(draft, launch);
	if (!cause) {
		launchable(draft);
		return;
	}
	if (!launchable(draft)) return;
	const taken = claim(draft, launch, cause);
	if (!taken) return;
	const params = candidate(draft, launch.number + 1);
	if (!params || !mayEnter(draft)) return;
	if (lives(draft, launch) && !(bootable(draft) && validated(draft, params))) return;
	open(draft, launch, cause);
	draft.claim = taken;
}
function wanted(draft, launch) {
	const { desired, handled } = draft.status;
	const restart = draft.facts.workspace.spec.requests.restart;
	if (launch.number === 0) return desired && {
		kind: "Created",
		ref: String(desired.generation)
	};
	if (restart && restart !== handled?.restart) return {
		kind: "Restart",
		ref: restart
	};
	if (launch.phase === "Closed" && !launch.ended) return launch.cause;
	if (launch.ended) return afterEnd(draft, launch, launch.ended);
	return change(draft, launch) ?? afterTimeout(draft, launch) ?? afterSilence(draft, launch);
}
function lives(draft, launch) {
	if (launch.instanceID === void 0 || launch.ended) return false;
	return !provenGone(draft, launch.number, launch.instanceID);
}
function bootable(draft) {
	if (draft.facts.heartbeats.available) return true;
	block(draft, "EvidenceUnavailable", "The gateway or its database is away, so a replacement could not fetch its environment; the present instance stays until they are back.");
	wakeAfter(draft, draft.facts.timing.repairBackoffMinMs);
	return false;
}
function validated(draft, params) {
	const print = fingerprint(params);
	const known = draft.facts.process.validations.find((fact) => fact.fingerprint === print);
	const fresh = known !== void 0 && known.expiresAt > draft.now.mono;
	if (fresh && known.verdict.ok) return true;
	if (known && !known.verdict.ok) {
		const { class: kind, code, message } = known.verdict;
		block(draft, REASONS[kind], `A dry run of the replacement failed, so the present instance stays: ${code}: ${message}`);
	}
	if (fresh) wakeAfter(draft, known.expiresAt - draft.now.mono);
	else propose(draft, {
		kind: "DryRun",
		params,
		fingerprint: print
	});
	return false;
}
function open(draft, previous, cause) {
	const { status, now } = draft;
	const unexpected = previous.phase !== "Closed" && (isFailure(cause.kind) || [
		"Ended",
		"Interrupted",
		"Lost",
		"Refused"
	].includes(cause.kind));
	const outcome = outcomeOf(previous, cause);
	remember(draft, previous, outcome, isFailure(outcome) ? consoleOf(draft, previous) : void 0);
	if (previous.instanceID !== void 0 && findInstance(draft, previous.instanceID)?.state !== "terminated" && !previous.ended) trackEnding(draft, previous.number, previous.instanceID);
	status.launch = {
		number: previous.number + 1,
		generation: status.desired?.generation ?? 0,
		cause,
		phase: "Waiting",
		openedAt: iso(now.wall),
		failures: unexpected ? failuresWith(draft, previous) : 0
	};
	answerRequest(draft);
}
function outcomeOf(previous, cause) {
	if (previous.ended) return previous.ended.outcome;
	if (previous.phase === "Closed") return "Closed";
	return isFailure(cause.kind) ? cause.kind : "Superseded";
}
function isFailure(kind) {
	return kind === "TimedOut" || kind === "HeartbeatLost" || kind === "Impaired";
}
function consoleOf({ facts }, { instanceID }) {
	const tail = instanceID === void 0 ? void 0 : facts.process.console[instanceID];
	return tail ? `The console ends: ${tail}` : void 0;
}
function answerRequest(draft) {
	const restart = draft.facts.workspace.spec.requests.restart;
	if (restart) draft.status.handled = {
		...draft.status.handled,
		restart
	};
}
// src/reconcilers/workspace/decide/arm.ts
function arm(draft) {
	const { facts, now, status } = draft;
	const { launch, desired } = status;
	const { spec } = facts.workspace;
	if (launch?.phase !== "Waiting" || !desired || draft.effect) return;
	if (spec.paused || spec.operatingMode === "Stopped") return;
	if (status.terminating) return;
	if (facts.instances.filter((instance) => instance.number < launch.number).some((instance) => !provenGone(draft, instance.number, instance.id))) return;
	if (facts.sweptAt === void 0 || facts.sweptAt < facts.process.termAt) {
		wakeAfter(draft, 1e3);
		return;
	}
	const params = candidate(draft, launch.number);
	if (!params) return;
	if (facts.machine !== desired.machine) return;
	answerRequest(draft);
	launch.generation = desired.generation;
	launch.machine = desired.machine;
	launch.phase = "Submitted";
	launch.submittedAt = iso(now.wall);
	launch.deadline = iso(now.wall + startupTimeoutMs(draft));
	launch.params = params;
	launch.sender = facts.process.epoch;
	propose(draft, {
		kind: "RunInstances",
		number: launch.number,
		armed: true
	});
}
// src/reconcilers/workspace/decide/earlier.ts
const MOST_NAMED = 4;
function judgeEarlier({ facts, events, status }) {
	if (!facts.earlier) return void 0;
	if (facts.earlier.length === 0) return {
		status: "False",
		reason: "None",
		message: ""
	};
	const named = facts.earlier.slice(0, MOST_NAMED).map(({ id, uid, heartbeats }) => {
		return `${id} of uid ${uid}, ${heartbeats ? "which still heartbeats" : "which does not heartbeat"}`;
	});
	const more = facts.earlier.length - named.length;
	const message = `An earlier Workspace of this name left ${named.join("; ")}${more > 0 ? `; and ${more} more` : ""}. This one has an instance of its own. The operator reports the other as an orphan and does not end it while it heartbeats; end it by hand if nobody needs it.`;
	if ((status.conditions?.find(({ type }) => type === "EarlierInstance"))?.status !== "True") events.push({
		type: "Warning",
		reason: "EarlierInstance",
		message
	});
	return {
		status: "True",
		reason: "Lives",
		message
	};
}
// src/reconcilers/workspace/decide/observed.ts
function observedGeneration(draft) {
	const { generation = 0 } = draft.facts.workspace.metadata;
	const { observedGeneration: before } = draft.status;
	return before >= 0 && isUndecided(draft) ? before : generation;
}
function isUndecided({ facts, status, blocker }) {
	const { metadata, spec } = facts.workspace;
	if (metadata.deletionTimestamp !== void 0 || spec.paused || blocker) return false;
	if (facts.environment.kind === "Unknown") return true;
	const { change } = facts.process;
	const { desired, handled } = status;
	if (change && desired && (change.env !== desired.env || change.machine !== desired.machine)) return true;
	const { restart } = spec.requests;
	return restart !== void 0 && restart !== "" && restart !== handled?.restart;
}
// src/reconcilers/workspace/decide/conditions.ts
const NEEDS_A_PERSON = new Set([
	"ClassNotFound",
	"ClassNotAllowed",
	"SecretMissing",
	"InvalidConfiguration",
	"QuotaExceeded",
	"RolloutHalted"
]);
const TROUBLE = new Set(["Impaired", "Interrupted"]);
const IN_LINE = new Set(["RolloutQueued", "RolloutVerifying"]);
const NORMAL = new Set([
	"Ready",
	"Launching",
	"Booting",
	"Restarting",
	"Paused",
	"Stopped",
	"Terminating"
]);
function writeConditions(draft) {
	const before = conditionOf(draft, "Ready");
	const ready = judgeReady(draft);
	set(draft, "Ready", ready);
	const instance = judgeInstance(draft);
	reportTrouble(draft, instance);
	set(draft, "InstanceReady", instance);
	set(draft, "HeartbeatHealthy", judgeHeartbeat(draft));
	set(draft, "SecretsSynced", judgeSecrets(draft));
	const upToDate = judgeUpToDate(draft, ready);
	reportDeferral(draft, upToDate);
	if (before?.status === "True" && ready.status === "True") reportBlocker(draft, upToDate);
	set(draft, "UpToDate", upToDate);
	const earlier = judgeEarlier(draft);
	if (earlier) set(draft, "EarlierInstance", earlier);
	const settled = ready.status === "True" && upToDate.status === "True" || atRest(draft);
	const stalled = [ready.reason, upToDate.reason].find((reason) => NEEDS_A_PERSON.has(reason));
	set(draft, "Reconciling", {
		status: settled || stalled ? "False" : "True",
		reason: settled ? "Settled" : ready.status === "True" ? upToDate.reason : ready.reason,
		message: ""
	});
	set(draft, "Stalled", {
		status: stalled ? "True" : "False",
		reason: stalled ?? "Progressing",
		message: stalled ? ready.reason === stalled ? ready.message : upToDate.message : ""
	});
	draft.status.observedGeneration = observedGeneration(draft);
	if (before && (before.reason !== ready.reason || before.status !== ready.status)) draft.events.push({
		type: NORMAL.has(ready.reason) ? "Normal" : "Warning",
		reason: ready.reason,
		message: ready.message
	});
}
function atRest(draft) {
	const { launch, terminating, instance } = draft.status;
	if (draft.facts.workspace.spec.operatingMode !== "Stopped" || terminating) return false;
	return launch?.phase === "Closed" || launch?.phase === "Stopped" && instance?.state === "stopped";
}
function conditionOf(draft, type) {
	return draft.status.conditions?.find((condition) => condition.type === type);
}
function set(draft, type, verdict) {
	const previous = conditionOf(draft, type);
	const next = {
		type,
		status: verdict.status,
		observedGeneration: observedGeneration(draft),
		lastTransitionTime: previous?.status === verdict.status ? previous.lastTransitionTime : iso(draft.now.wall),
		reason: verdict.reason,
		message: verdict.message.slice(0, 4096).toWellFormed()
	};
	const conditions = draft.status.conditions ?? [];
	draft.status.conditions = previous ? conditions.map((condition) => condition.type === type ? next : condition) : [...conditions, next];
}
function judgeInstance(draft) {
	const { instance, launch } = draft.status;
	if (!instance) return {
		status: "False",
		reason: "NoInstance",
		message: "There is no instance."
	};
	const running = instance.state === "running" && launch?.instanceID === instance.id;
	const impaired = running && findInstance(draft, instance.id)?.impaired;
	if (impaired) return {
		status: "False",
		reason: "Impaired",
		message: `EC2 says that ${instance.id} is running, but its ${impaired.kind} status check fails; while it heartbeats it stays.`
	};
	const status = instance.state === "Unknown" ? "Unknown" : running ? "True" : "False";
	const announced = running && announcedEnd(draft, launch);
	if (announced) return {
		status,
		reason: "Interrupted",
		message: announced
	};
	return {
		status,
		reason: instance.state.replace(/(^|-)([a-z])/g, (_, _dash, letter) => letter.toUpperCase()),
		message: status === "Unknown" ? `EC2 does not show ${instance.id} just now.` : `EC2 says that ${instance.id} is ${instance.state}.`
	};
}
function judgeHeartbeat(draft) {
	const { heartbeats } = draft.facts;
	const { launch } = draft.status;
	const row = launch && heartbeatOf(draft, launch);
	if (heartbeats.available && row && isHeard(row)) return {
		status: "True",
		reason: "Heartbeating",
		message: `Launch ${row.number} sends heartbeats.`
	};
	if (heartbeats.available && launch?.readyAt === void 0) return {
		status: "False",
		reason: "NoHeartbeat",
		message: "This launch has not sent a heartbeat."
	};
	if (launch && isSilent(draft, launch)) return {
		status: "False",
		reason: "HeartbeatLost",
		message: silence(launch.number, row?.lastHeartbeatAt)
	};
	return (launch?.readyAt === void 0 ? void 0 : conditionOf(draft, "HeartbeatHealthy")) ?? {
		status: "Unknown",
		reason: "NoEvidence",
		message: "Heartbeats can not be judged just now."
	};
}
function silence(number, lastHeartbeatAt) {
	return `No heartbeat from launch ${number}${lastHeartbeatAt === void 0 ? "" : ` since ${iso(lastHeartbeatAt)}`}.`;
}
function judgeSecrets(draft) {
	const { environment } = draft.facts;
	const { desired, instance, launch } = draft.status;
	if (environment.kind === "Missing") return {
		status: "False",
		reason: "SecretMissing",
		message: `Missing: ${environment.secrets.join(", ")}.`
	};
	const kept = conditionOf(draft, "SecretsSynced");
	if (environment.kind === "Unknown") return kept ?? {
		status: "Unknown",
		reason: "Unread",
		message: "The Secrets have not been read."
	};
	const note = environment.skipped.length > 0 ? ` Left out, as their keys are no variable names: ${environment.skipped.slice(0, 8).join(", ")}.` : "";
	if (!desired || instance?.env === void 0 || launch?.instanceID !== instance.id) return {
		status: "False",
		reason: "NotServed",
		message: `The instance has not fetched its environment.${note}`
	};
	const current = isCurrent(draft, {
		...launch,
		machine: void 0
	});
	if (current && isUnderLostKey(draft.facts, instance.env)) return {
		status: "Unknown",
		reason: "KeyLost",
		message: `The key that the instance's environment was digested with is gone: it held the desired one when that could be told.${note}`
	};
	return current ? {
		status: "True",
		reason: "Synced",
		message: `The instance holds the environment as it is.${note}`
	} : {
		status: "False",
		reason: "Outdated",
		message: `The instance holds an older environment.${note}`
	};
}
function judgeUpToDate(draft, ready) {
	const { launch, desired, instance } = draft.status;
	if (!launch || !desired) return {
		status: "False",
		reason: ready.reason,
		message: ready.message
	};
	if (draft.deferredUntil !== void 0) {
		const why = `launch ${launch.number} is ${progresses(draft, launch) ? "still starting" : "too young"}`;
		return {
			status: "False",
			reason: "Deferred",
			message: deferralMessage({
				...desired,
				names: names(desired.changed),
				until: iso(draft.deferredUntil),
				why
			})
		};
	}
	const current = isCurrent(draft, launch);
	if (draft.blocker && (ready.status === "True" || !current)) return {
		status: "False",
		...draft.blocker
	};
	const paused = draft.facts.workspace.spec.paused;
	if (!current) return {
		status: "False",
		reason: paused ? "Paused" : "Updating",
		message: `Generation ${desired.generation} (${desired.cause}) is not carried out.`
	};
	if (paused && held(draft)) return {
		status: "False",
		reason: "Paused",
		message: "A change or a restart was asked for; it follows once spec.paused is unset."
	};
	const served = instance?.env !== void 0 && instance.id === launch.instanceID;
	if (launch.phase !== "Submitted" || launch.ended || !served) return {
		status: "False",
		reason: ready.reason,
		message: ready.message
	};
	return {
		status: "True",
		reason: "UpToDate",
		message: `Generation ${desired.generation} is carried out.`
	};
}
function held({ facts, status }) {
	const { restart } = facts.workspace.spec.requests;
	return facts.process.change !== void 0 || (restart ? restart !== status.handled?.restart : false);
}
function names(changed) {
	return changed && changed.length > 0 ? `: ${changed.slice(0, 5).join(", ")}` : "";
}
function reportBlocker(draft, { reason, message }) {
	if (reason !== draft.blocker?.reason || conditionOf(draft, "UpToDate")?.reason === reason) return;
	if (IN_LINE.has(reason)) return;
	draft.events.push({
		type: "Warning",
		reason,
		message
	});
}
function reportTrouble(draft, { reason, message }) {
	if (!TROUBLE.has(reason) || conditionOf(draft, "InstanceReady")?.reason === reason) return;
	draft.events.push({
		type: "Warning",
		reason,
		message
	});
}
function reportDeferral(draft, verdict) {
	const { desired } = draft.status;
	if (verdict.reason !== "Deferred" || !desired || draft.deferredUntil === void 0) return;
	if (deferralOf(draft.status)?.generation === desired.generation) return;
	draft.events.push({
		type: "Normal",
		reason: "Deferred",
		message: verdict.message
	});
}
// src/reconcilers/workspace/decide/deletion.ts
const SWEEP_RETRY_MS$1 = 1e3;
function abandon(draft) {
	const { annotations, deletionTimestamp } = draft.facts.workspace.metadata;
	if (deletionTimestamp === void 0 || annotations?.["compute.molecule.ai/abandon-instance"] !== "true") return false;
	draft.events.push({
		type: "Warning",
		reason: "TerminationBlocked",
		message: `Let go on request (annotation ${ABANDON_ANNOTATION}) without proof that its instances are gone.`
	});
	propose(draft, { kind: "RemoveFinalizer" });
	return true;
}
function deletePhase(draft) {
	const { facts, status } = draft;
	const { launch } = status;
	if (launch?.phase === "Waiting") {
		launch.phase = "Closed";
		remember(draft, launch, "Closed");
	}
	if (launch?.instanceID !== void 0 && !launch.ended) {
		recordEnd(draft, launch, "Deleted");
		if (!provenGone(draft, launch.number, launch.instanceID)) trackEnding(draft, launch.number, launch.instanceID);
	}
	const swept = facts.sweptAt !== void 0 && facts.sweptAt >= facts.process.termAt;
	const live = facts.instances.some((instance) => !provenGone(draft, instance.number, instance.id));
	if (swept && !live && !status.terminating) {
		propose(draft, { kind: "RemoveFinalizer" });
		return;
	}
	wakeAfter(draft, swept ? facts.timing.terminateRetryMs : SWEEP_RETRY_MS$1);
}
// src/reconcilers/workspace/decide/doubt.ts
function resolveDoubt(draft) {
	const { launch } = draft.status;
	if (!launch || !inDoubt(launch)) return false;
	const { process, sweptAt, timing } = draft.facts;
	const answer = presentAnswer(draft, launch);
	if (answer?.result.kind === "refused" && definite(answer, timing)) {
		const { class: refusal, code, message } = answer.result;
		recordEnd(draft, launch, "Refused", {
			refusal,
			message: `${code}: ${message}`
		});
		return false;
	}
	if (sweptAt === void 0 || sweptAt < process.termAt) {
		wakeAfter(draft, 1e3);
		return true;
	}
	if (answer?.result.kind === "mismatch" || tooOldToReplay(draft, launch)) return awaitProofOfAbsence(draft, launch);
	replay(draft, launch, answer);
	return true;
}
function presentAnswer({ facts: { process } }, launch) {
	const { answer, termAt } = process;
	return answer?.number === launch.number && answer.sentAt >= termAt ? answer : void 0;
}
function definite(answer, timing) {
	return answer.firstSend || answer.sentAt - answer.quietSince >= timing.lateMs;
}
function tooOldToReplay(draft, launch) {
	const submittedAt = Date.parse(launch.submittedAt ?? "");
	return draft.now.wall - submittedAt > draft.facts.timing.replayMaxAgeMs;
}
function awaitProofOfAbsence(draft, launch) {
	const { process, sweptAt } = draft.facts;
	const needed = Math.max(process.termAt, process.sends?.lastAt ?? 0) + shownAfterMs(draft);
	if (sweptAt !== void 0 && sweptAt >= needed) {
		recordEnd(draft, launch, "Lost", { message: "EC2 shows no instance for this launch, and its request can not be repeated." });
		return false;
	}
	wakeAfter(draft, Math.max(needed - draft.now.mono, 1e3));
	return true;
}
function replay(draft, launch, answer) {
	const { process } = draft.facts;
	if (!process.wrote && launch.sender !== process.epoch) {
		launch.sender = process.epoch;
		wakeAfter(draft, 0);
		return;
	}
	if (answer?.result.kind === "notSent") block(draft, "CloudUnavailable", answer.result.message);
	const wait = nextSendAt(draft, answer) - draft.now.mono;
	if (wait > 0) {
		wakeAfter(draft, wait);
		return;
	}
	propose(draft, {
		kind: "RunInstances",
		number: launch.number,
		armed: false
	});
}
function nextSendAt(draft, answer) {
	const { process, timing } = draft.facts;
	const { sends, termAt } = process;
	if (answer?.result.kind === "notSent") return answer.sentAt + timing.replayBackoffMaxMs;
	if (!sends) return 0;
	if (answer?.result.kind === "refused") return Math.max(termAt, sends.lastAt) + timing.lateMs;
	const backoff = timing.replayBackoffMinMs * 2 ** Math.min(sends.count - 1, 16);
	return sends.lastAt + Math.min(backoff, timing.replayBackoffMaxMs);
}
// src/reconcilers/workspace/decide/initialise.ts
function initialise(draft) {
	const { workspace } = draft.facts;
	const deleting = workspace.metadata.deletionTimestamp !== void 0;
	const finalized = workspace.metadata.finalizers?.includes("compute.molecule.ai/instance") ?? false;
	if (!finalized && deleting) return false;
	if (!finalized && !draft.status.launch) {
		draft.status.uid = workspace.metadata.uid;
		draft.status.launch = {
			number: 0,
			generation: 0,
			phase: "Closed",
			failures: 0
		};
		const restart = workspace.spec.requests.restart;
		draft.status.handled = restart ? { restart } : {};
	}
	if (!finalized) {
		propose(draft, { kind: "AddFinalizer" });
		return false;
	}
	return true;
}
// src/reconcilers/workspace/decide/instances.ts
const SWEEP_RETRY_MS = 1e3;
function observeInstances(draft) {
	const { launch } = draft.status;
	if (!launch) return;
	adoptInstance(draft, launch);
	observePresent(draft, launch);
	settleTerminating(draft);
}
function adoptInstance(draft, launch) {
	if (!inDoubt(launch)) return;
	const { clusterID, workspace, instances } = draft.facts;
	const token = clientToken(clusterID, workspace.metadata.uid, launch.number);
	const found = instances.find((instance) => instance.number === launch.number && instance.clientToken === token);
	if (!found) return;
	launch.instanceID = found.id;
	if (found.generation !== launch.generation) takeAsFound(draft, launch, found);
	launch.deadline = iso(draft.now.wall + startupTimeoutMs(draft));
	draft.status.provisions += 1;
}
function takeAsFound({ status: { desired } }, launch, { generation }) {
	launch.generation = generation;
	if (desired) desired.generation = Math.max(generation, desired.generation) + 1;
}
function observePresent(draft, launch) {
	const { status } = draft;
	if (launch.instanceID === void 0) {
		const shown = status.instance;
		if (launch.phase !== "Waiting") status.instance = void 0;
		else if (shown) status.instance = describe(draft, shown.id, shown.env);
		return;
	}
	const instance = findInstance(draft, launch.instanceID);
	const heartbeat = heartbeatOf(draft, launch);
	const known = status.instance?.id === launch.instanceID ? status.instance.env : void 0;
	status.instance = describe(draft, launch.instanceID, heartbeat?.env ?? known);
	if (heartbeat?.alive && launch.readyAt === void 0 && !launch.ended) launch.readyAt = iso(draft.now.wall);
	launch.machine ??= status.desired?.machine;
	absorbCurrent(draft, launch);
	if (!instance || launch.ended) return;
	if (instance.state === "shutting-down" || instance.state === "terminated") {
		recordEnd(draft, launch, takenBack(instance) ? "Interrupted" : "Ended", { message: instance.stateReason ?? `EC2 says ${instance.state}.` });
		trackEnding(draft, launch.number, instance.id);
	} else if (provenGone(draft, launch.number, instance.id)) {
		recordEnd(draft, launch, "Lost", { message: "EC2 does not know the instance any more." });
		trackEnding(draft, launch.number, instance.id);
	} else wakeForProof(draft, instance);
}
function describe(draft, id, env) {
	const instance = findInstance(draft, id);
	const shown = draft.status.instance;
	const { sweptAt, process } = draft.facts;
	if (!instance && (sweptAt === void 0 || sweptAt < process.termAt) && shown?.id === id) {
		wakeAfter(draft, SWEEP_RETRY_MS);
		return {
			...shown,
			env
		};
	}
	if (!instance) return {
		id,
		state: "Unknown",
		env
	};
	const { type, zone, privateIP } = instance;
	return {
		id,
		state: shownState(instance),
		type,
		zone,
		privateIP,
		env
	};
}
function shownState({ state, missing, notFound }) {
	return (missing || notFound) && state !== "terminated" ? "Unknown" : state;
}
function absorbCurrent(draft, launch) {
	const { desired, instance } = draft.status;
	if (!desired || launch.phase !== "Submitted" || instance?.env === void 0) return;
	if (!isCurrentMachine(draft, launch)) return;
	if (holdsDesiredEnvironment(draft.facts, desired.env, instance.env)) launch.generation = desired.generation;
}
function settleTerminating(draft) {
	const { status } = draft;
	if (!status.terminating) return;
	const left = status.terminating.filter((entry) => !provenGone(draft, entry.number, entry.instanceID));
	status.terminating = left.length > 0 ? left : void 0;
}
// src/reconcilers/workspace/decide/operating.ts
function operate(draft) {
	const { launch } = draft.status;
	const { operatingMode, paused } = draft.facts.workspace.spec;
	if (!launch || inDoubt(launch) || paused) return;
	if (operatingMode === "Stopped") rest(draft, launch);
	else resume(draft, launch);
}
function rest(draft, launch) {
	answerRequest(draft);
	if (launch.number === 0) return;
	if (launch.phase === "Waiting" || launch.ended) close(draft, launch);
	else if (launch.phase === "Submitted" && ends(draft, launch)) supersedeClosed(draft, launch);
	else if (launch.phase === "Submitted" || launch.phase === "Stopped") {
		launch.phase = "Stopped";
		power(draft, launch, "StopInstances", ["running"]);
	}
}
function ends(draft, launch) {
	return draft.facts.class?.spec.stopBehavior === "Terminate" || launch.params?.capacityType === "Spot";
}
function close(draft, launch) {
	if (launch.phase === "Waiting") remember(draft, launch, "Closed");
	launch.phase = "Closed";
}
function supersedeClosed(draft, launch) {
	const { status, now } = draft;
	remember(draft, launch, "Stopped");
	if (launch.instanceID !== void 0) trackEnding(draft, launch.number, launch.instanceID);
	status.launch = {
		number: launch.number + 1,
		generation: launch.generation,
		cause: {
			kind: "Ended",
			ref: String(launch.number)
		},
		phase: "Closed",
		openedAt: iso(now.wall),
		failures: 0
	};
}
function resume(draft, launch) {
	if (launch.ended || launch.instanceID === void 0) return;
	const stopped = launch.phase === "Stopped";
	const changed = (draft.status.desired?.generation ?? 0) > launch.generation;
	if (stopped && changed && !isCurrentMachine(draft, launch)) return;
	if (stopped && runsOn(draft, launch)) return;
	if (stopped || foundStopped(draft, launch)) start(draft, launch);
	else if (launch.after && launch.readyAt === void 0) power(draft, launch, "StartInstances", ["stopped"]);
}
function runsOn(draft, launch) {
	const { facts, now } = draft;
	const id = launch.instanceID ?? "";
	if (findInstance(draft, id)?.state !== "running") return false;
	const { powerSentAt, termAt } = facts.process;
	const settledAt = Math.max(termAt, powerSentAt[`StopInstances ${id}`] ?? 0) + facts.timing.lateMs;
	if (settledAt > now.mono) wakeAfter(draft, settledAt - now.mono);
	else launch.phase = "Submitted";
	return true;
}
function foundStopped(draft, launch) {
	if (launch.phase !== "Submitted" || draft.status.instance?.state !== "stopped") return false;
	return launch.readyAt !== void 0 || untilDeadline(draft, launch) <= 0;
}
function start(draft, launch) {
	const { facts, now, status } = draft;
	if (!facts.heartbeats.available) {
		block(draft, "EvidenceUnavailable", `The gateway or its database is away; ${launch.instanceID} is started once they are back.`);
		wakeAfter(draft, facts.timing.repairBackoffMinMs);
		return;
	}
	const rows = facts.heartbeats.launches.filter((row) => row.number === launch.number);
	launch.phase = "Submitted";
	launch.after = { boot: Math.max(launch.after?.boot ?? 0, ...rows.map((row) => row.boot ?? 0)) };
	launch.deadline = iso(now.wall + startupTimeoutMs(draft));
	launch.readyAt = void 0;
	if (status.instance) status.instance.env = void 0;
	power(draft, launch, "StartInstances", ["stopped"]);
}
function power(draft, launch, kind, states) {
	const { facts, now } = draft;
	const id = launch.instanceID;
	if (id === void 0 || !states.includes(findInstance(draft, id)?.state ?? "")) return;
	const { powerSentAt } = facts.process;
	const opposite = kind === "StopInstances" ? "StartInstances" : "StopInstances";
	const sentAt = powerSentAt[`${kind} ${id}`];
	const wait = sentAt !== void 0 && sentAt >= (powerSentAt[`${opposite} ${id}`] ?? 0) ? sentAt + facts.timing.terminateRetryMs - now.mono : 0;
	if (wait > 0) wakeAfter(draft, wait);
	else propose(draft, {
		kind,
		ids: [id]
	});
}
// src/reconcilers/workspace/decide/terminate.ts
const MOST_ENDS = 15;
function terminateSuperseded(draft) {
	const { facts, now, status } = draft;
	const deleting = facts.workspace.metadata.deletionTimestamp !== void 0;
	if (facts.workspace.spec.paused && !deleting) return;
	const number = status.launch?.number ?? 0;
	for (const instance of facts.instances) {
		const ours = deleting || instance.number < number;
		if ((status.terminating?.length ?? 0) >= MOST_ENDS) break;
		if (ours && !isEnding(instance.state) && !instance.notFound) trackEnding(draft, instance.number, instance.id);
	}
	const ids = [];
	for (const entry of status.terminating ?? []) {
		if (!deleting && entry.number >= number) continue;
		const instance = findInstance(draft, entry.instanceID);
		if (isEnding(instance?.state)) continue;
		if (instance?.notFound) {
			wakeForProof(draft, instance);
			continue;
		}
		const sentAt = facts.process.terminateSentAt[entry.instanceID];
		const wait = sentAt === void 0 ? 0 : sentAt + facts.timing.terminateRetryMs - now.mono;
		if (wait > 0) wakeAfter(draft, wait);
		else ids.push(entry.instanceID);
	}
	if (ids.length > 0) propose(draft, {
		kind: "TerminateInstances",
		ids: ids.sort()
	});
}
function isEnding(state) {
	return state === "shutting-down" || state === "terminated";
}
// src/reconcilers/workspace/decide/decide.ts
function decide(facts, now) {
	const draft = draftFrom(facts, now);
	runPhases(draft);
	writeConditions(draft);
	const { status, effect, requeueAfterMs, events, settled, needsResolution, claim } = draft;
	return {
		status,
		effect,
		requeueAfterMs,
		events,
		settled,
		needsResolution,
		claim
	};
}
function runPhases(draft) {
	if (!initialise(draft) || abandon(draft) || !recover(draft)) return;
	const deleting = draft.facts.workspace.metadata.deletionTimestamp !== void 0;
	if (!deleting) desire(draft);
	observeInstances(draft);
	const doubt = resolveDoubt(draft);
	if (deleting) {
		if (!doubt) deletePhase(draft);
	} else if (!doubt) {
		operate(draft);
		supersede(draft);
	}
	terminateSuperseded(draft);
	if (!deleting) arm(draft);
}
// src/reconcilers/workspace/memory.ts
const KEEP_REFUSED_MS = 36e5;
function forgetInstances(mine, known) {
	for (const record of [
		mine.terminateSentAt,
		mine.powerSentAt,
		mine.console
	]) for (const key of Object.keys(record)) if (!known.has(key.split(" ").at(-1) ?? key)) delete record[key];
}
function createMemory() {
	const byKey = new Map();
	const validations = new Map();
	return {
		of(key, uid) {
			const known = byKey.get(key);
			if (known?.uid === uid) return known;
			const fresh = {
				uid,
				terminateSentAt: {},
				powerSentAt: {},
				console: {}
			};
			byKey.set(key, fresh);
			return fresh;
		},
		forget(key) {
			const uid = byKey.get(key)?.uid;
			byKey.delete(key);
			return uid;
		},
		validations(mono) {
			for (const [print, { verdict, expiresAt }] of validations) if (expiresAt + (verdict.ok ? 0 : KEEP_REFUSED_MS) <= mono) validations.delete(print);
			return [...validations.values()];
		},
		validate: (fact) => void validations.set(fact.fingerprint, fact)
	};
}
// src/agent/stub1.ts
function renderStub1(input) {
	const { gatewayURL, caBundle, ticket, uid, number, classScript } = input;
	const config = [
		`WORKSPACE_GATEWAY=${quote(gatewayURL.replace(/\/+$/, ""))}`,
		`WORKSPACE_UID=${quote(uid)}`,
		`WORKSPACE_NUMBER=${number}`,
		`WORKSPACE_TICKET=${quote(ticket)}`
	].join("\n");
	return [
		HEAD,
		hereDocument("\"$etc/config\"", config),
		...caBundle === void 0 ? [] : [hereDocument("\"$etc/ca.pem\"", caBundle)],
		START,
		...classScript === void 0 ? [] : [hereDocument("\"$lib/class-script\"", classScript), CLASS_SCRIPT],
		WAIT
	].join("\n");
}
const HEAD = `#!/bin/sh
# Installs the workspace agent and starts it.
set -u
umask 077
root=\${WORKSPACE_ROOT:-}
etc=$root/etc/workspace-agent
lib=$root/usr/local/lib/workspace-agent
state=$root/var/lib/workspace-agent
mkdir -p "$etc" "$lib" "$state"`;
const START = `. "$etc/config"
fetch() {
  set -- "$1" "$2" --connect-timeout 5 --max-time 60
  if [ -s "$etc/ca.pem" ]; then set -- "$@" --cacert "$etc/ca.pem"; fi
  path=$1 file=$2
  shift 2
  curl -q -sS -f "$@" -o "$file.new" "$WORKSPACE_GATEWAY$path" && mv "$file.new" "$file" || [ -s "$file" ]
}
delay=1
until fetch /v1/agent "$lib/agent.sh" && fetch /v1/agent/unit "$lib/workspace-agent.service"; do
  sleep "$delay"
  if [ "$delay" -lt 30 ]; then delay=$((delay * 2)); fi
done
agent=
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  cp "$lib/workspace-agent.service" /etc/systemd/system/workspace-agent.service
  chmod 0644 /etc/systemd/system/workspace-agent.service
  systemctl daemon-reload
  systemctl enable --now workspace-agent.service
else
  sh "$lib/agent.sh" &
  agent=$!
  trap 'kill "$agent" 2>/dev/null' TERM INT
fi`;
const CLASS_SCRIPT = `if [ ! -e "$state/class-script-done" ]; then
  : >"$state/class-script-done"
  case $(head -c 2 "$lib/class-script") in
    '#!') chmod 0700 "$lib/class-script" && "$lib/class-script" ;;
    *) sh "$lib/class-script" ;;
  esac
fi`;
const WAIT = `if [ -n "$agent" ]; then wait "$agent"; fi
`;
function quote(text) {
	return `'${text.replaceAll("'", "'\\''")}'`;
}
function hereDocument(file, content) {
	const text = content.endsWith("\n") ? content : `${content}\n`;
	const end = `END_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
	return `cat >${file} <<'${end}'\n${text}${end}`;
}
// src/agent/userData.ts
const MAX_USER_DATA_BYTES = 16384;
var UserDataTooLarge = class extends Error {
	name = "UserDataTooLarge";
};
function renderUserData(input) {
	const text = renderStub1(input);
	const excess = Buffer.byteLength(text) - MAX_USER_DATA_BYTES;
	if (excess > 0) throw new UserDataTooLarge(`the user data would be ${MAX_USER_DATA_BYTES + excess} bytes, ${excess} more than EC2 takes: shorten spec.userData of the WorkspaceClass (${Buffer.byteLength(input.classScript ?? "")} bytes) or the gateway's CA bundle (${Buffer.byteLength(input.caBundle ?? "")} bytes)`);
	return text;
}
// src/reconcilers/workspace/allowed.ts
function namespaceAllowed(klass, namespace) {
	const { from, selector } = klass.spec.allowedNamespaces;
	if (from === "All") return true;
	if (from === "None" || !namespace) return false;
	const labels = namespace.metadata.labels ?? {};
	const wanted = Object.entries(selector?.matchLabels ?? {});
	const expressions = selector?.matchExpressions ?? [];
	return wanted.every(([key, value]) => labels[key] === value) && expressions.every((it) => matches(it, labels));
}
function matches({ key, operator, values = [] }, labels) {
	const value = labels[key];
	switch (operator) {
		case "In": return value !== void 0 && values.includes(value);
		case "NotIn": return value === void 0 || !values.includes(value);
		case "Exists": return value !== void 0;
		case "DoesNotExist": return value === void 0;
		default: return false;
	}
}
// src/reconcilers/workspace/observe.ts
async function observe(deps, memory, workspace, term, resolved, onUnread) {
	const key = `${workspace.metadata.namespace}/${workspace.metadata.name}`;
	const mine = memory.of(key, workspace.metadata.uid);
	mine.since ??= deps.clock.monotonic();
	const environment = await observeEnvironment(deps, workspace, mine).catch((error) => {
		onUnread("Secrets", error);
		return { kind: "Unknown" };
	});
	const klass = deps.classes.get(workspace.spec.className);
	const userData = await observeUserData(deps, klass, onUnread);
	const now = {
		wall: deps.clock.now(),
		mono: deps.clock.monotonic()
	};
	const instances = instancesOf(deps, workspace);
	forgetInstances(mine, new Set([...instances.map(({ id }) => id), ...onRecord(workspace).keys()]));
	noteVersion(mine, workspace, instances, now.mono);
	const facts = {
		clusterID: deps.clusterID,
		workspace,
		class: klass,
		classAllowed: klass !== void 0 && namespaceAllowed(klass, deps.namespaces.get(workspace.metadata.namespace)),
		environment,
		fleet: deps.fleet.factFor(workspace, []),
		machine: klass && machineDigest(workspace.spec, klass.spec, klass.status?.resolvedImages),
		resolution: resolved?.of === klass ? resolved?.fact : void 0,
		unavailable: deps.offerings.snapshot(),
		instances,
		sweptAt: deps.cloud.lastSweep()?.begunAt,
		heartbeats: {
			available: deps.evidence.available(),
			since: deps.evidence.availableSince(),
			massSilence: deps.massSilence(workspace.spec.className),
			launches: heartbeatsOf(deps, workspace)
		},
		earlier: deps.earlierSelves(key),
		process: {
			epoch: term.id,
			termAt: term.acquiredAt,
			wrote: mine.wroteInTerm === term.id,
			suspectSince: mine.suspectSince,
			sends: mine.sends?.number === workspace.status?.launch?.number ? mine.sends : void 0,
			answer: mine.answer,
			validations: memory.validations(now.mono),
			terminateSentAt: mine.terminateSentAt,
			terminateRefusal: mine.terminateRefusal,
			powerSentAt: mine.powerSentAt,
			console: mine.console
		},
		timing: deps.timing,
		userData
	};
	const observed = observedDigests(facts);
	const recorded = workspace.status?.desired;
	if (observed) trackBase(mine, recorded?.env, observed.env);
	mine.change = trackChange(mine.change, recorded, observed, changedNames(mine), now.mono);
	mine.silence = trackSilence(mine.silence, workspace.status, facts.heartbeats, now);
	mine.deadline = trackDeadline(mine.deadline, workspace.status, now);
	const { change, silence, deadline } = mine;
	const fleet = deps.fleet.factFor(workspace, contentNames(facts));
	return {
		facts: {
			...facts,
			fleet,
			process: {
				...facts.process,
				change,
				silence,
				deadline
			}
		},
		now
	};
}
async function observeUserData(deps, klass, onUnread) {
	try {
		return {
			ok: true,
			source: await deps.userDataFor(klass?.spec.userData)
		};
	} catch (error) {
		if (error instanceof UserDataTooLarge) return {
			ok: false,
			kind: "invalid",
			message: `WorkspaceClass "${klass?.metadata.name}": ${error.message}.`
		};
		onUnread("user data", error);
		return {
			ok: false,
			kind: "unavailable",
			message: `What user data is made from could not be kept in a ConfigMap of the operator’s namespace (${error instanceof Error ? error.name : "an unknown error"}): see the operator’s log, and grant it to get and create ConfigMaps there.`
		};
	}
}
function instancesOf(deps, workspace) {
	const known = onRecord(workspace);
	const tagged = deps.cloud.ofWorkspace(workspace.metadata.uid).flatMap((instance) => {
		const number = wholeNumber(instance.tags[TAG.number]);
		if (known.has(instance.id) || number === void 0) return [];
		return [instanceFact(instance, number)];
	});
	const recorded = [...known].flatMap(([id, number]) => {
		const instance = deps.cloud.get(id);
		if (instance) return [instanceFact(instance, number)];
		const notFound = deps.cloud.notFound(id);
		if (!notFound) return [];
		return [{
			id,
			number,
			generation: 0,
			state: "Unknown",
			type: "",
			zone: "",
			notFound,
			missing: true
		}];
	});
	return [...tagged, ...recorded];
}
function onRecord(workspace) {
	const { launch, terminating } = !isForeign(workspace) && workspace.status || {};
	const numbers = new Map(terminating?.map(({ number, instanceID }) => [instanceID, number]));
	if (launch?.instanceID) numbers.set(launch.instanceID, launch.number);
	return numbers;
}
function wholeNumber(tag) {
	return tag !== void 0 && /^[1-9][0-9]{0,8}$/.test(tag) ? Number(tag) : void 0;
}
function instanceFact(instance, number) {
	const { id, clientToken, state, type, zone, privateIP, launchTime, stateReason } = instance;
	const { notFound, missing, impaired } = instance;
	return {
		id,
		number,
		generation: wholeNumber(instance.tags[TAG.generation]) ?? 0,
		clientToken,
		state,
		type,
		zone,
		privateIP,
		launchTime,
		stateReason,
		notFound,
		missing,
		impaired
	};
}
function heartbeatsOf(deps, workspace) {
	return deps.evidence.ofWorkspace(workspace.metadata.uid).map((row) => ({
		number: row.number,
		boot: row.boot,
		env: row.env,
		alive: row.lastHeartbeatAt !== void 0,
		fresh: row.fresh,
		lastHeartbeatAt: row.lastHeartbeatAt,
		interruption: row.interruption
	}));
}
function noteVersion(memory, workspace, instances, mono) {
	const version = BigInt(workspace.metadata.resourceVersion);
	if (memory.version !== void 0 && version < memory.version) memory.rolledBackAt ??= mono;
	memory.version = version;
	const number = workspace.status?.launch?.number;
	const finalized = workspace.metadata.finalizers?.includes("compute.molecule.ai/instance") ?? false;
	const wiped = finalized && number === void 0;
	const outrun = instances.some((instance) => instance.number > (number ?? 0));
	if (wiped || isForeign(workspace) || finalized && outrun || memory.rolledBackAt !== void 0) memory.suspectSince ??= mono;
	else memory.suspectSince = void 0;
}
// src/reconcilers/workspace/reconciler.ts
function createWorkspaceReconciler(deps) {
	const memory = createMemory();
	return async function reconcile(key, context) {
		const workspace = deps.workspaces.get(key);
		if (!workspace) {
			const uid = memory.forget(key);
			if (uid !== void 0) deps.cloud.follow(uid, []);
			return;
		}
		const term = deps.lease.term();
		if (!term || !deps.lease.held()) return void 0;
		const unread = (what, error) => {
			context.logger.warn({
				event: "facts.unread",
				what,
				err: error
			}, "not read; nothing follows from that");
		};
		let resolved;
		for (;;) {
			const { facts, now } = await observe(deps, memory, workspace, term, resolved, unread);
			const decision = decide(facts, now);
			if (decision.needsResolution && facts.class) {
				resolved = {
					of: facts.class,
					fact: await deps.resolver.resolve(facts.class.spec)
				};
				continue;
			}
			try {
				const requeueAfterMs = await act(deps, memory, workspace, decision, term.id, context);
				return requeueAfterMs === void 0 ? void 0 : { requeueAfterMs };
			} catch (error) {
				if (error instanceof LeaseLostError) return void 0;
				throw error;
			}
		}
	};
}
// src/gateway/credentials.ts
const TICKET = /^t1\.([a-z0-9]{1,16})\.([A-Za-z0-9_-]{43})$/;
const SESSION = /^s1\.([a-z0-9]{1,16})\.([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{43})$/;
function sign(key, purpose, claim) {
	const message = JSON.stringify([
		purpose,
		claim.clusterID,
		claim.uid,
		claim.number
	]);
	return createHmac("sha256", key).update(message).digest("base64url");
}
function equal(a, b) {
	const [left, right] = [Buffer.from(a), Buffer.from(b)];
	return left.length === right.length && timingSafeEqual(left, right);
}
function createTicket(key, claim) {
	return `t1.${key.id}.${sign(key.key, "ticket", claim)}`;
}
function verifyTicket(keys, ticket, claim) {
	const [, id = "", mac = ""] = TICKET.exec(ticket) ?? [];
	const key = keys.get("ticket", id);
	return key !== void 0 && equal(mac, sign(key, "ticket", claim));
}
const sessionPayload = z.tuple([z.string().min(1).max(128), z.int().min(1)]);
function createSession(key, claim) {
	const payload = Buffer.from(JSON.stringify([claim.uid, claim.number])).toString("base64url");
	return `s1.${key.id}.${payload}.${sign(key.key, "session", claim)}`;
}
function verifySession(keys, clusterID, credential) {
	const [, id = "", payload = "", mac = ""] = SESSION.exec(credential) ?? [];
	const key = keys.get("session", id);
	if (!key) return void 0;
	const parsed = sessionPayload.safeParse(parseJSON(Buffer.from(payload, "base64url").toString("utf8")));
	if (!parsed.success) return void 0;
	const [uid, number] = parsed.data;
	return equal(mac, sign(key, "session", {
		clusterID,
		uid,
		number
	})) ? {
		uid,
		number
	} : void 0;
}
function parseJSON(text) {
	try {
		return JSON.parse(text);
	} catch {
		return;
	}
}
// src/reconcilers/workspace/userDataStore.ts
const CONFIG_MAPS = {
	group: "",
	version: "v1",
	plural: "configmaps",
	namespaced: true
};
const USER_DATA_LABEL = { "compute.molecule.ai/kind": "user-data" };
const body = z.object({ data: z.object({ content: z.string() }) });
function createUserDataStore(options) {
	const { kube, namespace, clusterID, keys, gatewayURL, caBundle } = options;
	const contents = new Map();
	const present = new Set();
	const removals = new Map();
	const fitting = new Set();
	async function keep(content) {
		const digest = digestOf(content);
		const name = nameOf(digest);
		await removals.get(name)?.catch(() => void 0);
		if (present.has(name)) return digest;
		const metadata = {
			name,
			namespace,
			labels: USER_DATA_LABEL
		};
		try {
			await kube.create(CONFIG_MAPS, {
				apiVersion: "v1",
				kind: "ConfigMap",
				metadata,
				immutable: true,
				data: { content }
			}, namespace);
		} catch (error) {
			if (!isAlreadyExists(error)) throw error;
			await read(digest);
		}
		contents.set(digest, content);
		present.add(name);
		return digest;
	}
	async function find(digest) {
		return contents.get(digest) ?? read(digest);
	}
	async function read(digest) {
		const { data } = body.parse(await kube.get(CONFIG_MAPS, nameOf(digest), namespace));
		if (digestOf(data.content) !== digest) throw new Error(`ConfigMap ${namespace}/${nameOf(digest)} does not hold the text that its digest names; delete it, and the operator keeps the text anew`);
		contents.set(digest, data.content);
		return data.content;
	}
	function checkSize(id, classScript, classDigest) {
		const what = `${id} ${classDigest}`;
		if (fitting.has(what)) return;
		const [uid, number] = ["00000000-0000-0000-0000-000000000000", 999999999];
		const ticket = createTicket(keys.current("ticket"), {
			clusterID,
			uid,
			number
		});
		renderUserData({
			stub: 1,
			gatewayURL,
			caBundle,
			ticket,
			uid,
			number,
			classScript
		});
		fitting.add(what);
	}
	return {
		async userDataFor(classScript) {
			const caDigest = caBundle === void 0 ? void 0 : await keep(caBundle);
			const classDigest = classScript === void 0 ? void 0 : await keep(classScript);
			const { id: ticketKey } = keys.current("ticket");
			checkSize(ticketKey, classScript, classDigest);
			return {
				stub: 1,
				gatewayURL,
				caDigest,
				ticketKey,
				classDigest
			};
		},
		async renderUserData({ uid, number, userData }) {
			const { caDigest, classDigest, ticketKey } = userData;
			const key = keys.get("ticket", ticketKey);
			if (!key) throw new Error(`launch ${number} was armed with ticket key ${ticketKey}, which is gone; put it back into the operator's key Secret`);
			if (userData.stub !== 1) throw new Error(`launch ${number} was armed with boot stub ${userData.stub}, which this release does not have`);
			return renderUserData({
				stub: userData.stub,
				gatewayURL: userData.gatewayURL,
				caBundle: caDigest === void 0 ? void 0 : await find(caDigest),
				ticket: createTicket({
					id: ticketKey,
					key
				}, {
					clusterID,
					uid,
					number
				}),
				uid,
				number,
				classScript: classDigest === void 0 ? void 0 : await find(classDigest)
			});
		},
		namesFor: (classScript) => [caBundle, classScript].flatMap((content) => content === void 0 ? [] : [nameOf(digestOf(content))]),
		async remove(name, removal) {
			present.delete(name);
			const running = removal().finally(() => removals.delete(name));
			removals.set(name, running);
			await running;
		},
		kept: () => present,
		trustNothing: () => present.clear()
	};
}
function digestOf(content) {
	return createHash("sha256").update(content).digest("hex");
}
function nameOf(digest) {
	return `workspace-user-data-${digest.slice(0, 32)}`;
}
// src/reconcilers/workspace/userDataCollector.ts
const LOOKS = 6;
const references = z.object({ status: z.object({ launch: z.object({ params: z.object({ userData: z.object({
	caDigest: z.string().optional(),
	classDigest: z.string().optional()
}) }).optional() }).optional() }).optional() });
function createUserDataCollector(options) {
	const { kube, namespace, workspaces, classes, userData, lease, clock, retentionMs } = options;
	const logger = options.logger.child({ component: "user-data" });
	const unusedSince = new Map();
	let found;
	async function collect() {
		const term = lease.term();
		if (!term) return;
		found ??= await find();
		const due = dueOf(new Set([...found, ...userData.kept()]), namesIn(workspaces.list()));
		if (due.length === 0) return;
		const used = namesIn((await listAll(kube, WORKSPACES)).items);
		const beforeSend = () => {
			if (!lease.held() || lease.term()?.id !== term.id) throw new Error("the lease may be held by another");
		};
		for (const name of due.filter((candidate) => !used.has(candidate) && !classNames().has(candidate))) {
			await userData.remove(name, () => remove(name, beforeSend));
			found.delete(name);
			unusedSince.delete(name);
			logger.info({
				event: "user-data.collected",
				name
			}, "a text that nothing refers to is gone");
		}
	}
	async function find() {
		const labelSelector = Object.entries(USER_DATA_LABEL).map(([key, value]) => `${key}=${value}`).join();
		const { items } = await listAll(kube, CONFIG_MAPS, {
			namespace,
			labelSelector,
			metadataOnly: true
		});
		return new Set(items.map(({ metadata }) => metadata.name));
	}
	async function remove(name, beforeSend) {
		try {
			await kube.delete(CONFIG_MAPS, name, namespace, { beforeSend });
		} catch (error) {
			if (!isNotFound(error)) throw error;
		}
	}
	function dueOf(names, used) {
		const inClasses = classNames();
		const now = clock.monotonic();
		return [...names].filter((name) => {
			if (used.has(name) || inClasses.has(name)) {
				unusedSince.delete(name);
				return false;
			}
			const since = unusedSince.get(name) ?? now;
			unusedSince.set(name, since);
			return now - since >= retentionMs;
		});
	}
	function classNames() {
		const scripts = [void 0, ...classes.list().map(({ spec }) => spec.userData)];
		return new Set(scripts.flatMap((script) => userData.namesFor(script)));
	}
	const repeater = createRepeater({
		clock,
		task: collect,
		onError: (error) => logger.warn({ err: error }, "texts of user data not looked through; again later"),
		pauseMs: () => Math.ceil(retentionMs / LOOKS)
	});
	return {
		start: repeater.start,
		async stop() {
			await repeater.stop();
			unusedSince.clear();
			found = void 0;
		}
	};
}
function namesIn(objects) {
	const digests = objects.flatMap((object) => {
		const { caDigest, classDigest } = references.parse(object).status?.launch?.params?.userData ?? {};
		return [caDigest, classDigest];
	});
	return new Set(digests.flatMap((digest) => digest === void 0 ? [] : [nameOf(digest)]));
}
// src/controllerPart.ts
const MAX_ERROR_BACKOFF_MS = 6e4;
const MISSED_SWEEPS = 5;
const LEAST_UNAVAILABLE_MS = 5e3;
function startControllerPart(platform, files, cluster, store) {
	const { config, clock, random, logger, registry, runtimeMetrics: metrics, transport } = platform;
	const { aws, controller: settings, gateway, kubernetes, timing } = config;
	const name = "workspace";
	const queue = createWorkqueue({
		name,
		clock,
		metrics,
		limits: { maxMs: MAX_ERROR_BACKOFF_MS }
	});
	const changed = connectTriggers(cluster, queue);
	const classQueue = createWorkqueue({
		name: "workspaceclass",
		clock,
		metrics,
		limits: { maxMs: MAX_ERROR_BACKOFF_MS }
	});
	const fleet = createFleet({
		...cluster,
		onClass: classQueue.add,
		onPlace: queue.add
	});
	cluster.classes.onChange(({ object }) => classQueue.add(object.metadata.name));
	const ec2Metrics = createEc2Metrics(registry);
	const calls = platform.createCalls({
		region: need(aws.region, "aws.region"),
		endpoint: aws.ec2Endpoint,
		ssmEndpoint: aws.ssmEndpoint,
		timeoutMs: aws.timeoutMs,
		buckets: createBuckets({
			clock,
			random,
			metrics: ec2Metrics,
			sizes: scaledBucketSizes(aws.requestRatePercent / 100)
		}),
		clock,
		metrics: ec2Metrics,
		logger
	});
	const cloud = createObserver({
		calls,
		clusterID: cluster.clusterID,
		clock,
		random,
		logger,
		metrics: ec2Metrics,
		sweepIntervalMs: aws.sweepIntervalMs,
		lookupIntervalMs: aws.lookupIntervalMs,
		statusIntervalMs: aws.statusIntervalMs,
		onChange: changed,
		onSweep: () => orphans.swept()
	});
	const evidence = createEvidencePoller({
		store,
		clock,
		logger,
		onChange: changed,
		onPoll: () => classEvidence.refresh(),
		pollIntervalMs: settings.evidencePollIntervalMs
	});
	const classEvidence = createClassEvidence({
		...cluster,
		evidence,
		cloud: () => judgeCloud$1({
			cloud,
			lease,
			clock,
			unavailableAfterMs: Math.max(MISSED_SWEEPS * aws.sweepIntervalMs, LEAST_UNAVAILABLE_MS)
		}),
		clock,
		secondMs: timing.secondMs,
		onChange(className) {
			classQueue.add(className);
			for (const workspace of cluster.workspaces.byIndex("class", className)) queue.add(objectKey(workspace));
		}
	});
	createClassMetrics(registry).watchMissing(classEvidence.missing);
	const events = createEventRecorder({
		client: cluster.kube,
		clock,
		random,
		logger,
		metrics,
		reportingController: "compute.molecule.ai/workspace-operator",
		reportingInstance: hostname()
	});
	const userData = createUserDataStore({
		kube: cluster.kube,
		namespace: kubernetes.namespace,
		clusterID: cluster.clusterID,
		keys: cluster.keys,
		gatewayURL: need(gateway.url, "gateway.url"),
		caBundle: files.caBundle
	});
	const resolver = createResolver({
		calls,
		clock,
		ttlMs: aws.resolveIntervalMs / 5
	});
	const lease = {
		held: () => elector.held(),
		term: () => elector.term()
	};
	const collector = createUserDataCollector({
		...cluster,
		namespace: kubernetes.namespace,
		userData,
		lease,
		clock,
		logger,
		retentionMs: settings.userDataRetentionMs
	});
	const leaseTarget = {
		namespace: kubernetes.namespace,
		name: "workspace-operator"
	};
	const orphans = createOrphans({
		...cluster,
		cloud,
		calls,
		evidence,
		lease,
		leaseTarget,
		events,
		clock,
		logger,
		metrics: createOrphanMetrics(registry),
		settings: config.orphans,
		onChange: (key) => queue.add(key)
	});
	keepLedger(cluster.workspaces, {
		lease,
		logger,
		metrics: createWorkspaceMetrics(registry)
	});
	const controller = createController({
		name,
		reconcile: createWorkspaceReconciler({
			...cluster,
			...userData,
			fleet,
			cloud,
			calls,
			resolver,
			offerings: createOfferingMemory({
				clock,
				ttlMs: aws.capacityRetryMs
			}),
			evidence,
			massSilence: classEvidence.massSilence,
			earlierSelves: orphans.earlierSelves,
			lease,
			events,
			clock,
			timing
		}),
		queue,
		clock,
		random,
		logger,
		metrics,
		workers: settings.workers
	});
	const classController = createController({
		name: "workspaceclass",
		reconcile: createClassReconciler({
			...cluster,
			fleet,
			evidence: classEvidence,
			resolver,
			lease,
			events,
			clock,
			timing: {
				resolveIntervalMs: aws.resolveIntervalMs,
				statusIntervalMs: settings.classStatusIntervalMs
			}
		}),
		queue: classQueue,
		clock,
		random,
		logger,
		metrics
	});
	const keys = createKeysPart(platform, cluster, {
		lease,
		events,
		workspaceQueue: queue
	});
	evidence.start();
	const elector = startLeaderElection({
		transport,
		lease: leaseTarget,
		identity: hostname(),
		clock,
		random,
		logger,
		metrics,
		leaseDurationMs: settings.leaseDurationMs,
		renewDeadlineMs: settings.leaseRenewDeadlineMs,
		retryPeriodMs: settings.leaseRetryPeriodMs,
		onStarted() {
			userData.trustNothing();
			collector.start();
			cloud.start();
			controller.start();
			classController.start();
			keys.start();
			for (const { metadata } of cluster.classes.list()) classQueue.add(metadata.name);
			for (const workspace of cluster.workspaces.list()) queue.add(objectKey(workspace));
		},
		async onStopped() {
			await Promise.all([
				controller,
				classController,
				keys
			].map((it) => it.stop(settings.drainGraceMs)));
			await cloud.stop();
			await orphans.stop();
			await collector.stop();
		}
	});
	return {
		elector,
		async stop() {
			queue.shutDown();
			classQueue.shutDown();
			await elector.stop();
			await evidence.stop();
			await events.stop();
			calls.close();
		}
	};
}
// src/ec2/call.ts
const STALE_CONNECTION = new Set(["ECONNRESET", "EPIPE"]);
function createCaller({ timeoutMs, buckets, clock, metrics, logger }) {
	return async function run(call) {
		for (let attemptsLeft = (call.attempts ?? 1) - 1;; attemptsLeft--) {
			await buckets.take(call.bucket);
			const result = await attempt(call);
			if (result.ok) {
				settle(call, "ok");
				return result.value;
			}
			const { failure } = result;
			settle(call, failure.class);
			logger.debug({
				action: call.action,
				class: failure.class,
				code: failure.code
			}, "EC2 call failed");
			if (attemptsLeft <= 0 || !STALE_CONNECTION.has(failure.code)) throw failure;
		}
	};
	function settle(call, outcome) {
		metrics.call(call.action, outcome);
		if (outcome === "throttled") buckets.throttled(call.bucket);
		else if (outcome !== "notSent" && outcome !== "ambiguous") buckets.answered(call.bucket);
	}
	async function attempt(call) {
		const { action, secrets = [] } = call;
		const abort = new AbortController();
		let sent = false;
		let blocked;
		let expire = () => void 0;
		const expired = new Promise((_, reject) => {
			expire = () => {
				const error = sent ? ec2Failure({
					class: "ambiguous",
					code: CODE.timeout,
					action,
					detail: `no answer within ${timeoutMs} ms`
				}) : ec2Failure({
					class: "notSent",
					code: CODE.timeout,
					action,
					detail: `the request was not ready within ${timeoutMs} ms; credentials or endpoint are slow to come`
				});
				reject(error);
				abort.abort(error);
			};
		});
		let timer = clock.setTimeout(() => expire(), timeoutMs);
		const onSend = () => {
			abort.signal.throwIfAborted();
			try {
				call.beforeSend?.();
			} catch (error) {
				const detail = error instanceof Error ? error.message : String(error);
				blocked = ec2Failure({
					class: "notSent",
					code: CODE.blocked,
					action,
					detail
				});
				throw blocked;
			}
			sent = true;
			timer.cancel();
			timer = clock.setTimeout(() => expire(), timeoutMs);
		};
		try {
			return {
				ok: true,
				value: await Promise.race([call.send(abort.signal, onSend), expired])
			};
		} catch (error) {
			return {
				ok: false,
				failure: blocked ?? classify(error, {
					action,
					sent,
					secrets
				})
			};
		} finally {
			timer.cancel();
		}
	}
}
// src/ec2/runInput.ts
function runInstancesInput(request) {
	const { params } = request;
	return {
		...request.dryRun ? { DryRun: true } : {},
		ClientToken: request.clientToken,
		MinCount: 1,
		MaxCount: 1,
		ImageId: params.imageID,
		InstanceType: instanceType(params),
		SubnetId: params.subnetID,
		SecurityGroupIds: [...params.securityGroupIDs],
		...params.instanceProfile === void 0 ? {} : { IamInstanceProfile: { Name: params.instanceProfile } },
		BlockDeviceMappings: [{
			DeviceName: params.rootVolume.deviceName,
			Ebs: rootVolume(params)
		}],
		MetadataOptions: {
			HttpEndpoint: "enabled",
			HttpTokens: "required",
			HttpPutResponseHopLimit: 1
		},
		...params.capacityType === "Spot" ? { InstanceMarketOptions: SPOT } : {},
		TagSpecifications: [{
			ResourceType: "instance",
			Tags: tags(params)
		}, {
			ResourceType: "volume",
			Tags: tags(params)
		}],
		UserData: Buffer.from(request.userData, "utf8").toString("base64")
	};
}
const SPOT = {
	MarketType: "spot",
	SpotOptions: {
		SpotInstanceType: "one-time",
		InstanceInterruptionBehavior: "terminate"
	}
};
function instanceType(params) {
	return params.instanceType;
}
function rootVolume({ rootVolume: volume }) {
	return {
		DeleteOnTermination: true,
		VolumeSize: volume.sizeGiB,
		VolumeType: volume.type,
		...volume.iops === void 0 ? {} : { Iops: volume.iops },
		...volume.throughput === void 0 ? {} : { Throughput: volume.throughput },
		...volume.kmsKeyID === void 0 ? {} : {
			Encrypted: true,
			KmsKeyId: volume.kmsKeyID
		}
	};
}
function tags(params) {
	return params.tags.map(({ key, value }) => ({
		Key: key,
		Value: value
	}));
}
// src/gateway/heartbeatStore.ts
var StoreUnavailable = class extends Error {
	name = "StoreUnavailable";
};
function launchID(launch) {
	return `${launch.uid}/${launch.number}`;
}
// src/gateway/migrate.ts
async function migrate(databaseURL, { logger, connectTimeoutMs }) {
	const client = new pg.Client({
		connectionString: databaseURL,
		application_name: "workspace-migrate",
		connectionTimeoutMillis: connectTimeoutMs
	});
	client.on("error", (error) => logger.warn({ err: error }, "connection for migrations lost"));
	await client.connect();
	try {
		const done = await runner({
			dbClient: client,
			dir: join(import.meta.dirname, "schema"),
			direction: "up",
			migrationsTable: "workspace_schema_migrations",
			advisoryLockMode: "wait",
			logger: {
				info: () => void 0,
				warn: (m) => logger.warn(String(m)),
				error: (m) => logger.error(String(m))
			}
		});
		for (const { name } of done) logger.info({ migration: name }, "schema migrated");
	} finally {
		await client.end();
	}
}
// src/gateway/statements.ts
const ROW = `
  l.uid, l.number, l.boot::float8 AS boot, l.seq::float8 AS seq,
  CASE WHEN l.first_heartbeat_at IS NULL THEN l.served_env ELSE l.env END AS env,
  l.url, l.acknowledged, l.reports,
  l.interruption_action AS "interruptionAction",
  (extract(epoch FROM l.interruption_at) * 1000)::float8 AS "interruptionAt",
  (extract(epoch FROM l.first_heartbeat_at) * 1000)::float8 AS "firstHeartbeatAt",
  (extract(epoch FROM l.last_heartbeat_at) * 1000)::float8 AS "lastHeartbeatAt",
  l.first_heartbeat_at IS NOT NULL AND l.silent_since IS NULL AS fresh,
  extract(epoch FROM l.changed_at)::text AS version`;
const GATEWAY_UP = `
  coalesce((SELECT last_beat_at > now() - $1::float8 * interval '1 ms' FROM gateway_liveness WHERE one), false)
    AS "gatewayUp",
  coalesce((SELECT extract(epoch FROM now() - up_since) * 1000 FROM gateway_liveness
            WHERE one AND last_beat_at > now() - $1::float8 * interval '1 ms'), 0)::float8 AS "gatewayUpMs"`;
const RECORD_HEARTBEATS = `
  INSERT INTO workspace_launch AS l
    (uid, number, boot, seq, env, url, active_tasks, agent, timeout_ms, acknowledged,
     interruption_action, interruption_at, first_heartbeat_at, last_heartbeat_at, recheck_at)
  SELECT h.*, now(), now(), now() + h.timeout_ms * interval '1 ms'
  FROM (
    SELECT b.uid, b.number, b.boot, b.seq, b.env, b.url, b.active_tasks, b.agent,
           coalesce(b.timeout_ms, k.timeout_ms, 90000) AS timeout_ms, b.acknowledged,
           b.interruption_action, b.interruption_at
    FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::int[], $8::text[],
                $9::int[], $10::boolean[], $11::text[], $12::timestamptz[])
      AS b (uid, number, boot, seq, env, url, active_tasks, agent, timeout_ms, acknowledged,
            interruption_action, interruption_at)
    LEFT JOIN workspace_launch k ON k.uid = b.uid AND k.number = b.number
  ) AS h
  ORDER BY h.uid, h.number
  ON CONFLICT (uid, number) DO UPDATE SET
    boot = excluded.boot, seq = excluded.seq, env = excluded.env, url = excluded.url,
    active_tasks = excluded.active_tasks, agent = excluded.agent, timeout_ms = excluded.timeout_ms,
    acknowledged = l.acknowledged OR excluded.acknowledged,
    interruption_action = excluded.interruption_action, interruption_at = excluded.interruption_at,
    first_heartbeat_at = coalesce(l.first_heartbeat_at, now()),
    last_heartbeat_at = now(),
    silent_since = NULL,
    recheck_at = CASE WHEN l.recheck_at IS NULL OR excluded.timeout_ms < l.timeout_ms
                      THEN excluded.recheck_at ELSE l.recheck_at END,
    changed_at = CASE WHEN l.first_heartbeat_at IS NULL OR l.silent_since IS NOT NULL
                        OR excluded.boot <> l.boot OR excluded.env <> l.env
                        OR excluded.url IS DISTINCT FROM l.url
                        OR (excluded.interruption_action, excluded.interruption_at)
                           IS DISTINCT FROM (l.interruption_action, l.interruption_at)
                      THEN now() ELSE l.changed_at END
  WHERE l.boot IS NULL OR (excluded.boot, excluded.seq) > (l.boot, l.seq)
  RETURNING uid, number, acknowledged`;
const RECORD_SERVED = `
  INSERT INTO workspace_launch AS l (uid, number, served_env, served_at) VALUES ($1, $2, $3, now())
  ON CONFLICT (uid, number) DO UPDATE SET served_env = excluded.served_env, served_at = now(), changed_at = now()`;
const RECORD_REPORT = `
  INSERT INTO workspace_launch AS l (uid, number, reports, changed_at)
  VALUES ($1, $2, 1, CASE WHEN $3::boolean THEN now() ELSE 'epoch' END)
  ON CONFLICT (uid, number) DO UPDATE SET
    reports = l.reports + 1, changed_at = CASE WHEN $3::boolean THEN now() ELSE l.changed_at END`;
const FIND = `SELECT ${ROW} FROM workspace_launch l WHERE l.uid = $1 AND l.number = $2`;
const READ_ALL = `
  SELECT now()::text AS cursor, ${GATEWAY_UP}, ${ROW}
  FROM (VALUES (1)) AS one LEFT JOIN workspace_launch l ON true`;
const TRANSITIONS = `
  SELECT now()::text AS cursor, ${GATEWAY_UP}, ${ROW}
  FROM (VALUES (1)) AS one
  LEFT JOIN workspace_launch l
    ON l.changed_at >= least($2::timestamptz, now()) - $3::float8 * interval '1 ms'`;
const MARK_SILENT = `
  WITH due AS (
    SELECT l.uid, l.number, g.last_beat_at,
           greatest(l.last_heartbeat_at, g.up_since) + l.timeout_ms * interval '1 ms' AS lost_at
    FROM workspace_launch l,
         -- The limit tells the planner what the table's constraint doesn't: one row.
         (SELECT * FROM gateway_liveness WHERE last_beat_at > now() - $1::float8 * interval '1 ms' LIMIT 1) g
    WHERE l.recheck_at <= now()
    ORDER BY l.recheck_at
    LIMIT 1000
    FOR UPDATE OF l SKIP LOCKED
  )
  UPDATE workspace_launch l SET
    recheck_at = CASE WHEN due.lost_at > due.last_beat_at THEN greatest(due.lost_at, now()) END,
    silent_since = CASE WHEN due.lost_at <= due.last_beat_at THEN now() END,
    changed_at = CASE WHEN due.lost_at <= due.last_beat_at THEN now() ELSE l.changed_at END
  FROM due
  WHERE l.uid = due.uid AND l.number = due.number
  RETURNING l.silent_since IS NOT NULL AS silent`;
const GATEWAY_BEAT = `
  INSERT INTO gateway_liveness AS g (up_since, last_beat_at) VALUES (now(), now())
  ON CONFLICT (one) DO UPDATE SET
    up_since = CASE WHEN g.last_beat_at < now() - $1::float8 * interval '1 ms' THEN now() ELSE g.up_since END,
    last_beat_at = greatest(g.last_beat_at, now())`;
// src/gateway/postgresStore.ts
const UNDEFINED_TABLE = "42P01";
function createPostgresStore(options) {
	const { logger, gatewayGapMs = 5e3, overlapMs = 5e3, timeoutMs = 3e3, poolSize = 10 } = options;
	const pool = new pg.Pool({
		connectionString: options.databaseURL,
		application_name: "workspace-operator",
		max: poolSize,
		connectionTimeoutMillis: timeoutMs,
		query_timeout: timeoutMs
	});
	pool.on("error", (error) => logger.warn({ code: codeOf(error) }, "idle database connection lost"));
	let migrated;
	function ensureMigrated() {
		migrated ??= migrate(options.databaseURL, {
			logger,
			connectTimeoutMs: timeoutMs
		}).catch((error) => {
			migrated = void 0;
			throw error;
		});
		return migrated;
	}
	async function query(action, text, values) {
		try {
			await ensureMigrated();
			return await pool.query(text, values);
		} catch (error) {
			if (codeOf(error) === UNDEFINED_TABLE) migrated = void 0;
			throw unavailable(action, error);
		}
	}
	async function read(action, text, values) {
		const { rows } = await query(action, text, values);
		const [first] = rows;
		if (!first) throw new StoreUnavailable(`${action}: the database answered without its clock`);
		return {
			cursor: first.cursor,
			gatewayUp: first.gatewayUp,
			gatewayUpMs: first.gatewayUpMs,
			rows: rows.filter((row) => row.uid !== null).map(toRecord)
		};
	}
	return {
		async recordHeartbeats(batch) {
			if (batch.length === 0) return new Map();
			const { rows } = await query("record heartbeats", RECORD_HEARTBEATS, columns(batch));
			return new Map(rows.map((row) => [launchID(row), { acknowledged: row.acknowledged }]));
		},
		async recordServed({ uid, number }, env) {
			await query("record what is served", RECORD_SERVED, [
				uid,
				number,
				env
			]);
		},
		async recordReport({ uid, number }, outcome) {
			await query("record a report", RECORD_REPORT, [
				uid,
				number,
				outcome === "forwarded"
			]);
		},
		async find({ uid, number }) {
			const { rows } = await query("find a launch", FIND, [uid, number]);
			return rows[0] && toRecord(rows[0]);
		},
		readAll: () => read("read all launches", READ_ALL, [gatewayGapMs]),
		transitions: (cursor) => read("read transitions", TRANSITIONS, [
			gatewayGapMs,
			cursor,
			overlapMs
		]),
		async markSilent() {
			const { rows } = await query("mark the silent", MARK_SILENT, [gatewayGapMs]);
			return rows.filter(({ silent }) => silent).length;
		},
		async gatewayUp() {
			await query("record the gateway as up", GATEWAY_BEAT, [gatewayGapMs]);
		},
		async prune(olderThanMs) {
			return (await query("prune", "\n  DELETE FROM workspace_launch\n  WHERE greatest(created_at, changed_at, last_heartbeat_at, served_at) < now() - $1::float8 * interval '1 ms'", [olderThanMs])).rowCount ?? 0;
		},
		close: () => pool.end()
	};
}
function toRecord(row) {
	const { uid, boot, seq, env, url, interruptionAction, interruptionAt } = row;
	const { firstHeartbeatAt, lastHeartbeatAt } = row;
	return {
		uid: uid ?? "",
		number: row.number,
		fresh: row.fresh,
		reports: row.reports,
		acknowledged: row.acknowledged,
		version: row.version,
		...boot !== null && { boot },
		...seq !== null && { seq },
		...env !== null && { env },
		...url !== null && { url },
		...interruptionAction !== null && interruptionAt !== null && { interruption: {
			action: interruptionAction,
			at: interruptionAt
		} },
		...firstHeartbeatAt !== null && { firstHeartbeatAt },
		...lastHeartbeatAt !== null && { lastHeartbeatAt }
	};
}
function columns(batch) {
	const column = (pick) => batch.map(pick);
	return [
		column((h) => h.uid),
		column((h) => h.number),
		column((h) => h.boot),
		column((h) => h.seq),
		column((h) => h.env),
		column((h) => h.url ?? null),
		column((h) => h.activeTasks ?? null),
		column((h) => h.agent ?? null),
		column((h) => h.timeoutMs ?? null),
		column((h) => h.acknowledged),
		column((h) => h.interruption?.action ?? null),
		column((h) => h.interruption && new Date(h.interruption.at).toISOString())
	];
}
function codeOf(error) {
	if (error instanceof AggregateError) return codeOf(error.errors[0]);
	if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
	return error instanceof Error ? error.message : "unknown";
}
function unavailable(action, error) {
	return new StoreUnavailable(`could not ${action}: the database answered ${codeOf(error)}; check DATABASE_URL, and that the database is up`);
}
// entry.ts
const config = {
	"kubernetes": {
		"namespace": "workspace-system",
		"timeoutMs": 15e3
	},
	"aws": {
		"region": "eu-sim-1",
		"timeoutMs": 15e3,
		"sweepIntervalMs": 1e4,
		"lookupIntervalMs": 2e3,
		"statusIntervalMs": 6e4,
		"resolveIntervalMs": 3e5,
		"capacityRetryMs": 3e4,
		"requestRatePercent": 100
	},
	"database": {},
	"gateway": {
		"url": "http://127.0.0.1:1",
		"listenHost": "0.0.0.0",
		"listenPort": 8443,
		"callerPolicy": "Review",
		"callerCacheMs": 1e4,
		"callerStaleMs": 3e5,
		"callerTimeoutMs": 5e3,
		"perLaunchLimit": 300,
		"perAddressLimit": 3e3,
		"flushIntervalMs": 200,
		"beatIntervalMs": 1e3,
		"retentionMs": 12096e5
	},
	"controller": {
		"workers": 2,
		"leaseDurationMs": 15e3,
		"leaseRenewDeadlineMs": 1e4,
		"leaseRetryPeriodMs": 2e3,
		"classStatusIntervalMs": 5e3,
		"evidencePollIntervalMs": 2e3,
		"userDataRetentionMs": 36e5,
		"drainGraceMs": 1e4
	},
	"orphans": {
		"policy": "Report",
		"intervalMs": 6e4,
		"graceMs": 6e5,
		"mostPerRound": 5
	},
	"timing": {
		"lateMs": 4e4,
		"visibilityMs": 6e4,
		"repairBackoffMinMs": 5e3,
		"repairBackoffMaxMs": 6e4,
		"replayBackoffMinMs": 1e3,
		"replayBackoffMaxMs": 3e4,
		"terminateRetryMs": 1e4,
		"replayMaxAgeMs": 6e5,
		"secondMs": 1e3
	},
	"observability": {
		"logLevel": "info",
		"metricsListenHost": "0.0.0.0",
		"metricsListenPort": 8080,
		"healthListenHost": "0.0.0.0",
		"healthListenPort": 8081
	}
};
export { config, createCaller, createPostgresStore, createRuntimeMetrics, createSession, createTicket, joinCluster, runInstancesInput, startControllerPart, verifySession, verifyTicket };
