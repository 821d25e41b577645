import { hidden, isSecretName } from '../log/index.js';
import type { Template } from './model.js';

const secretTemplates = new WeakMap<Template, boolean>();

/** What a template has become, as it may be logged: without what holds a variable, a field or cookies that nobody should read. */
export function showText(template: Template | undefined, text: string): string {
  if (template === undefined) return text;
  const isSecret = secretTemplates.get(template) ?? holdsSecret(template);
  secretTemplates.set(template, isSecret);
  return isSecret && text !== '' ? hidden : text;
}

function holdsSecret(template: Template): boolean {
  return template.some((part) => {
    switch (part.kind) {
      case 'variable':
      case 'header':
      case 'environment':
      case 'tls':
        return isSecretName(part.name);
      case 'map':
        return holdsSecret(part.key) || holdsSecret(part.fallback);
      default:
        return false;
    }
  });
}
