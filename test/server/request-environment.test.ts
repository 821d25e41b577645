import { describe, expect, it } from 'vitest';
import type { EnvironmentSettings } from '../../src/config/model.js';
import { RequestEnvironment } from '../../src/server/request-environment.js';

const nothing: EnvironmentSettings = { set: new Map(), pass: new Map(), unset: new Set() };

describe('the environment of a request', () => {
  it('compares names without case and keeps the first spelling', () => {
    const environment = new RequestEnvironment();
    environment.set('Colour', 'red');
    environment.set('COLOUR', 'blue');
    expect(environment.get('colour')).toBe('blue');
    expect(environment.toList()).toEqual(['Colour', 'blue']);
    environment.unset('cOLOUR');
    expect(environment.get('Colour')).toBeUndefined();
  });

  it('lets SetEnv win over PassEnv and over what SetEnvIf said', () => {
    const environment = new RequestEnvironment();
    environment.set('A', 'if');
    environment.addSettings({
      ...nothing,
      set: new Map([['A', 'set']]),
      pass: new Map([
        ['A', 'pass'],
        ['B', 'pass'],
      ]),
    });
    expect(environment.toList()).toEqual(['A', 'set', 'B', 'pass']);
  });

  it('removes nothing by UnsetEnv that SetEnvIf has set', () => {
    const environment = new RequestEnvironment();
    environment.set('A', 'if');
    environment.addSettings({ ...nothing, set: new Map([['B', 'set']]), unset: new Set(['A', 'B']) });
    expect(environment.toList()).toEqual(['A', 'if']);
  });

  it('turns what the site file says into bytes', () => {
    const environment = new RequestEnvironment();
    environment.addSettings({ ...nothing, set: new Map([['NAME', 'Zoë']]) });
    expect(environment.get('NAME')).toBe('Zo\xc3\xab');
  });

  it('becomes REDIRECT_… when a request is redirected inside the server', () => {
    const environment = new RequestEnvironment();
    environment.set('A', '1');
    environment.beginRedirect(['REDIRECT_STATUS', '404', 'REDIRECT_URL', '/x']);
    expect(environment.toList()).toEqual([
      ...['REDIRECT_A', '1'],
      ...['REDIRECT_STATUS', '404'],
      ...['REDIRECT_URL', '/x'],
    ]);
    environment.beginRedirect([]);
    expect(environment.get('REDIRECT_REDIRECT_A')).toBe('1');
    expect(environment.get('REDIRECT_A')).toBeUndefined();
  });
});
