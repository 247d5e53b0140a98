import { storm } from '../../scenarios/steps/stormStory.ts';

storm(40, { speed: 20, percent: 20 });
