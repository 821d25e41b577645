import type { Limited, MethodLimit, Requirement } from '../config/model.js';

/** Whether something in <Limit> or <LimitExcept> is about this method. HEAD goes with GET. */
export function coversMethod(limit: MethodLimit | undefined, method: string): boolean {
  if (limit === undefined) return true;
  return limit.methods.includes(methodOf(method)) !== limit.except;
}

/** Of values of which the later wins: the one that counts for the method. */
export function lastFor<Value>(values: readonly Limited<Value>[], method: string): Value | undefined {
  return values.findLast(({ limit }) => coversMethod(limit, method))?.value;
}

/** Whether a requirement says anything about the method: all in it may stand in <Limit> for others. */
export function appliesTo(requirement: Requirement, method: string): boolean {
  switch (requirement.kind) {
    case 'limited':
      return coversMethod(requirement.limit, method);
    case 'any':
    case 'every':
    case 'none': {
      const { requirements } = requirement;
      return requirements.length === 0 || requirements.some((child) => appliesTo(child, method));
    }
    default:
      return true;
  }
}

/** The name under which a method is found in <Limit> and `Require method`. */
export function methodOf(method: string): string {
  return method === 'HEAD' ? 'GET' : method;
}
