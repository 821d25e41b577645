import type { Condition, Text } from './model.js';
import type { VariableName } from './names.js';

/** Whether an expression reads the variable anywhere. */
export function asksFor(name: VariableName, condition: Condition): boolean {
  const reads = (...texts: readonly Text[]) => texts.some((text) => readsVariable(name, text));
  switch (condition.kind) {
    case 'constant':
      return false;
    case 'not':
      return asksFor(name, condition.condition);
    case 'every':
    case 'any':
      return condition.conditions.some((part) => asksFor(name, part));
    case 'compare-texts':
    case 'compare-numbers':
      return reads(condition.left, condition.right);
    case 'pattern':
    case 'address':
      return reads(condition.subject);
    case 'one-of':
      return reads(condition.subject, ...condition.texts);
    case 'wildcard':
      return reads(condition.subject, condition.wildcard);
    case 'test':
      return reads(condition.operand);
  }
}

/** Whether a text reads the variable anywhere. */
export function readsVariable(name: VariableName, text: Text): boolean {
  switch (text.kind) {
    case 'variable':
      return text.name === name;
    case 'function':
      return readsVariable(name, text.argument);
    case 'joined':
      return text.texts.some((part) => readsVariable(name, part));
    default:
      return false;
  }
}
