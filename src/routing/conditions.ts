import type { Condition, ConditionBranch, Position } from '../config/model.js';
import type { AskCondition, FoundSoFar } from './index.js';
import type { CompiledSection } from './sections.js';

/** <If>, <ElseIf> or <Else>. */
export interface ConditionSection extends CompiledSection {
  readonly branch: ConditionBranch;
  readonly condition: Condition;
  readonly position: Position;
}

export interface MatchedConditions {
  readonly sections: readonly CompiledSection[];
  /** The condition that could not be evaluated; nobody knows which settings hold. */
  readonly fault?: Position;
}

/**
 * The <If>s that hold: those outside other sections (`lists`: the main server's, the virtual host's), those in the sections that
 * matched, then those inside the ones that held, and so on (as httpd).
 */
export function matchConditions(
  lists: readonly (readonly ConditionSection[])[],
  ask: AskCondition,
  found: FoundSoFar,
): MatchedConditions {
  const matched: CompiledSection[] = [];
  let level = lists;
  while (level.length > 0) {
    const taken: CompiledSection[] = [];
    for (const list of level) {
      const fault = takeBranches(list, ask, found, taken);
      if (fault !== undefined) return { sections: matched, fault };
    }
    matched.push(...taken);
    level = taken.map(({ conditions }) => conditions).filter(({ length }) => length > 0);
  }
  return { sections: matched };
}

/** Of each <If> with its <ElseIf> and <Else>, the first that holds. */
function takeBranches(
  list: readonly ConditionSection[],
  ask: AskCondition,
  found: FoundSoFar,
  taken: CompiledSection[],
): Position | undefined {
  let isSettled = false;
  for (const section of list) {
    if (section.branch === 'if') isSettled = false;
    if (isSettled) continue;
    const answer = ask(section.condition, found, section.position);
    if (answer === 'fault') return section.position;
    isSettled = answer;
    if (answer) taken.push(section);
  }
  return undefined;
}
