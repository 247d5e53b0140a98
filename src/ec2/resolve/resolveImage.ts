import type { Ec2Calls, Image } from '../calls/port.ts';
import { missing, type Refusal, refusalOf } from './refusal.ts';
import { type ImageTerm, imageName } from './terms.ts';

type Reads = Pick<Ec2Calls, 'describeImages' | 'getParameter'>;

/** The image of one term, known to be launchable: it exists, is available, fits the architecture and has a root device. */
export async function resolveImage(
  calls: Reads,
  term: ImageTerm,
  index: number,
): Promise<{ ok: true; image: Image } | Refusal> {
  const name = imageName(index, term);
  const pointer = await imageID(calls, term, name);
  if (!pointer.ok) return pointer;
  const { id } = pointer;
  const none = `${name}: ${id} does not exist in this region, or is not shared with this account. Name an image that is.`;
  try {
    const [image] = await calls.describeImages([id]);
    return image ? judge(image, term, name) : missing(none);
  } catch (error) {
    return refusalOf(error, name, none);
  }
}

async function imageID(
  calls: Reads,
  { id, ssmParameter }: ImageTerm,
  name: string,
): Promise<{ ok: true; id: string } | Refusal> {
  if (id !== undefined) return { ok: true, id };
  if (ssmParameter === undefined) return missing(`${name} names no image. Give it an id or an ssmParameter.`);
  try {
    const value = (await calls.getParameter(ssmParameter)).trim();
    if (/^ami-[0-9a-f]+$/.test(value)) return { ok: true, id: value };
    // The value is not repeated: a wrong name may have hit upon something private.
    return missing(
      `${name}: the parameter’s value is not an AMI id. Name a parameter that holds just ami-….`,
    );
  } catch (error) {
    return refusalOf(
      error,
      name,
      `${name}: there is no such parameter in this region. Correct its name, or create it.`,
    );
  }
}

function judge(image: Image, term: ImageTerm, name: string): { ok: true; image: Image } | Refusal {
  const { id, architecture, state, rootDeviceName } = image;
  if (state !== 'available') {
    return missing(
      `${name}: ${id} is ${state || 'in no known state'}, not available. Wait for it, or name another image.`,
    );
  }
  if (architecture !== term.architecture) {
    return missing(
      `${name}: ${id} is for ${architecture}. Name an image for ${term.architecture}, or correct the architecture.`,
    );
  }
  if (rootDeviceName === '') return missing(`${name}: ${id} has no root device. Name an EBS-backed image.`);
  return { ok: true, image: Object.freeze({ ...image }) };
}
