import { describe, expect, it } from 'vitest';
import type { Condition, ConditionBranch, Section } from '../../src/config/model.js';
import { type AskCondition, createRouter, type FoundSoFar } from '../../src/routing/index.js';
import { host, readTrace, section, site, trace } from './site.js';

const yes: Condition = { kind: 'constant', value: true };
const no: Condition = { kind: 'constant', value: false };
/** What the tests below cannot tell. */
const unknown: Condition = { kind: 'test', test: 'n', operand: { kind: 'group', number: 0 } };

function condition(
  branch: ConditionBranch,
  holds: Condition,
  name: string,
  sections: readonly Section[] = [],
): Section {
  const match = { kind: 'condition', branch, condition: holds } as const;
  return { ...section('if', '', trace(name), sections), match };
}

function nested(outer: Section, ...sections: Section[]): Section {
  return { ...outer, sections };
}

const answerConstants: AskCondition = (asked) => (asked.kind === 'constant' ? asked.value : 'fault');

function route(sections: readonly Section[], mainSections: readonly Section[] = [], ask?: AskCondition) {
  const virtualHost = host(1, { sections });
  const router = createRouter(site(host(0, { sections: mainSections }), [virtualHost]));
  return router.route(virtualHost, '/a/b', ask);
}

function match(sections: readonly Section[], mainSections: readonly Section[] = []): string[] {
  return readTrace(route(sections, mainSections, answerConstants).settings);
}

describe('<If>', () => {
  it('merges after <Location>: outside first, then inside sections, then inside one another', () => {
    const inner = condition('if', yes, 'inner', [condition('if', yes, 'innermost')]);
    const sections = [
      condition('if', yes, 'first', [inner]),
      nested(section('location', '/a', trace('location')), condition('if', yes, 'in location')),
      condition('if', yes, 'second'),
    ];
    expect(match(sections, [condition('if', yes, 'main')])).toEqual([
      ...['location', 'main', 'first', 'second', 'in location', 'inner', 'innermost'],
    ]);
  });

  it('is asked only where the section around it matches and holds', () => {
    const sections = [
      nested(section('location', '/x', trace('location')), condition('if', yes, 'in location')),
      condition('if', no, 'outer', [condition('if', yes, 'inner')]),
    ];
    expect(match(sections)).toEqual([]);
  });

  it.each([
    [[yes, yes, yes], 'if'],
    [[no, yes, yes], 'else-if'],
    [[no, no, yes], 'else'],
    // The rest is not asked.
    [[yes, unknown, yes], 'if'],
  ])('with <ElseIf> and <Else> is one of them (%#)', ([first = no, second = no, third = no], expected) => {
    const chain = [
      condition('if', first, 'if'),
      section('location', '/between'),
      condition('else-if', second, 'else-if'),
      condition('else', third, 'else'),
    ];
    expect(match([...chain, condition('if', yes, 'next')])).toEqual([expected, 'next']);
  });

  it('makes a fault of the route where nobody can tell', () => {
    const sections = [condition('if', yes, 'first'), condition('if', unknown, 'second')];
    expect(route(sections, [], answerConstants).fault).toEqual(sections[1]?.position);
    expect(route([condition('if', yes, 'first')], [], answerConstants).fault).toBeUndefined();
  });

  it('makes a fault of the route where nobody is asked', () => {
    expect(route([condition('if', yes, 'first')]).fault).toBeDefined();
    expect(route([section('location', '/a')]).fault).toBeUndefined();
  });
});

describe('named groups', () => {
  const sections = [
    section('location', /^\/(?<first>[^/]+)(\/(?<second>[^/]+))?(?<third>\/x)?/s),
    section('location', /^\/(a)/s),
    section('location', /^\/(?<other>b)/s),
  ];

  it('of sections that match become variables', () => {
    expect(route(sections).variables).toEqual(['MATCH_FIRST', 'a', 'MATCH_SECOND', 'b']);
  });

  it('are known to <If>', () => {
    const seen: FoundSoFar[] = [];
    route([...sections, condition('if', yes, 'if')], [], (_, found) => {
      seen.push(found);
      return true;
    });
    expect(seen.map(({ variables }) => variables)).toEqual([['MATCH_FIRST', 'a', 'MATCH_SECOND', 'b']]);
  });
});
