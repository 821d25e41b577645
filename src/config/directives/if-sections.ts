import { anywhere, honouredSection, inModule } from '../definition.js';
import { createSectionDraft, type Here, type Scope } from '../draft.js';
import { takeCondition } from '../expression.js';
import type { Condition, ConditionBranch } from '../model.js';
import { takeWord } from '../words.js';

/** Settings of requests for which an expression holds: they override those of all other sections. */
export const ifSections = inModule('core', [
  section('<If', 'if', 'expression', 'Settings of requests for which an expression holds.'),
  section(
    '<ElseIf',
    'else-if',
    'expression',
    'Settings of requests for which no <If> before and this one holds.',
  ),
  section('<Else', 'else', '', 'Settings of requests for which no <If> or <ElseIf> before holds.'),
]);

function section(name: string, branch: ConditionBranch, label: string, doc: string) {
  return honouredSection(name, anywhere, label, doc, (here, text, walk) => {
    if (branch !== 'if' && !followsCondition(here))
      here.fail('expected an <If> or <ElseIf> before it, in the same section', {
        kind: 'not-allowed-here',
        at: 'name',
      });
    const draft = createSectionDraft();
    const head = {
      kind: 'if',
      position: here.place.position,
      argument: text,
      match: { kind: 'condition', branch, condition: readCondition(here, branch, text) },
    } as const;
    here.section.sections.push({ head, draft });
    const { head: _outer, ...around } = here;
    const scope: Scope = { ...around, section: draft, enclosing: [...here.enclosing, 'if'] };
    walk(scope);
  });
}

/** Whatever stands between them. */
function followsCondition({ section }: Here): boolean {
  const last = section.sections.findLast(({ head }) => head.kind === 'if')?.head.match;
  return last?.kind === 'condition' && last.branch !== 'else';
}

function readCondition(here: Here, branch: ConditionBranch, text: string): Condition {
  if (branch === 'else') {
    if (text !== '') here.fail('takes no arguments', { kind: 'argument-count' });
    return { kind: 'constant', value: true };
  }
  const { word, rest } = takeWord(text);
  if (word === '') here.fail('expected an expression', { kind: 'argument-count' });
  else if (rest !== '')
    here.fail(`expected the whole expression in quotes, but '${rest}' follows`, {
      kind: 'argument-count',
    });
  // What cannot be read is reported, so that nobody is ever asked for this one.
  else return takeCondition(here, word) ?? { kind: 'constant', value: false };
  return { kind: 'constant', value: false };
}
