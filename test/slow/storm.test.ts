import { storm } from '../scenarios/steps/stormStory.ts';

storm(300, { speed: 10, percent: 10 });
