import type { Requirement } from '../config/model.js';
import { describeLimited } from './describe-host-access.js';

/** Kinds that hold others → the names of their sections. */
export const containers = { any: 'RequireAny', every: 'RequireAll', none: 'RequireNone' } as const;

/** Among the values of settings. */
export function isRequirement(value: unknown): value is Requirement {
  return typeof value === 'object' && value !== null && 'kind' in value && 'position' in value;
}

/** In Apache's words, on one line. */
export function describeRequirement(requirement: Requirement): string {
  switch (requirement.kind) {
    case 'any':
    case 'every':
    case 'none': {
      const parts = requirement.requirements.map(describeRequirement);
      const name = containers[requirement.kind];
      return requirement.kind === 'any' && parts.length === 1
        ? (parts[0] as string)
        : `<${name}> ${parts.join('; ')} </${name}>`;
    }
    case 'not':
      return `not ${describeRequirement(requirement.requirement)}`;
    case 'limited':
      return describeLimited(requirement.limit, describeRequirement(requirement.requirement));
    case 'granted':
    case 'denied':
      return `all ${requirement.kind}`;
    case 'expr':
      return `expr ${requirement.text}`;
    default: {
      const { kind, position: _, ...rest } = requirement;
      const words = Object.values(rest).flat().map(describeOperand);
      return [kind, ...words].join(' ');
    }
  }
}

function describeOperand(operand: unknown): string {
  if (typeof operand !== 'object' || operand === null) return String(operand);
  if ('address' in operand && 'prefixLength' in operand) return `${operand.address}/${operand.prefixLength}`;
  return String(operand);
}
