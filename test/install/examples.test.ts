import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { chartValues } from '../../dev/generate/deploy/chartValues.ts';
import { pagesOfInstall } from '../cluster/pages/blocks.ts';
import { render, type Values } from './chart.ts';

const known = new Set(chartValues().map(({ path: [first] }) => first));
const ALL = (await pagesOfInstall()).flatMap(({ name, yaml }) =>
  yaml.map((text, index) => ({ name: `${name}.md, example ${index + 1}`, text })),
);
const isOfChart = (text: string) => Object.keys(parse(text) as object).every((key) => known.has(key));

test.each(ALL.filter(({ text }) => isOfChart(text)).map(({ name, text }) => [name, text]))(
  'the values of %s are taken by the chart',
  async (_name, text) => {
    const values = parse(
      text.replaceAll('REGISTRY', 'registry.example').replace('sha256:…', `sha256:${'a'.repeat(64)}`),
    ) as Values;
    expect((await render(values)).length).toBeGreaterThan(10);
  },
);

test('what is no value of the chart in these pages is an object of Kubernetes, or a part of one', () => {
  const others = ALL.filter(({ text }) => !isOfChart(text));
  const keys = others.flatMap(({ text }) => Object.keys(parse(text) as object));
  const wanted = ['apiVersion', 'kind', 'metadata', 'rules', 'spec'];
  expect([...new Set(keys)].filter((key) => !wanted.includes(key))).toEqual([]);
});
