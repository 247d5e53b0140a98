import fc from 'fast-check';

/**
 * The seed of every property that names none of its own. It is the same in each run, so that what fails is what a change
 * broke; `PROPERTY_SEED=n` tries other values, and `npm run test:repeat` others in each of its runs.
 */
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });
