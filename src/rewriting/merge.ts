import type { RewriteOptions, RewriteSettings } from './model.js';

/**
 * What a later section, or a virtual host, says on top of an earlier one: its rules stand in for those before, unless RewriteOptions
 * inherits them. The engine's state and the options stay where nothing new is said.
 */
export function mergeRewriting(base: RewriteSettings, later: RewriteSettings): RewriteSettings {
  const { engine = base.engine, options = base.options, directory } = later;
  const baseUrl = later.base ?? (options?.includes('MergeBase') ? base.base : undefined);
  return {
    ...(engine === undefined ? {} : { engine }),
    ...(options === undefined ? {} : { options }),
    ...(baseUrl === undefined ? {} : { base: baseUrl }),
    directory,
    rules: mergeRules(base, later, options),
  };
}

function mergeRules(
  base: RewriteSettings,
  later: RewriteSettings,
  options: RewriteOptions = [],
): RewriteSettings['rules'] {
  const handsDown = (option: 'InheritDown' | 'InheritDownBefore') =>
    base.options?.includes(option) === true && later.options?.includes('IgnoreInherit') !== true;
  if (options.includes('InheritBefore') || handsDown('InheritDownBefore'))
    return [...base.rules, ...later.rules];
  if (options.includes('Inherit') || handsDown('InheritDown')) return [...later.rules, ...base.rules];
  return later.rules;
}

/** Whether rules of the earlier one are in force in the later one. */
export function inheritsRules(base: RewriteSettings, later: RewriteSettings): boolean {
  return base.rules.length > 0 && mergeRewriting(base, later).rules !== later.rules;
}
