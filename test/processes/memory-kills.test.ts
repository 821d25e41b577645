import { describe, expect, it } from 'vitest';
import { countersOfGroup, MemoryKills } from '../../src/processes/memory-kills.js';

describe('kills for want of memory', () => {
  it('are those since the last question', () => {
    let count = 3;
    const kills = new MemoryKills(() => count);
    expect(kills.haveOccurred()).toBe(false);
    count = 4;
    expect(kills.haveOccurred()).toBe(true);
    expect(kills.haveOccurred()).toBe(false);
  });

  it('are counted in the files of the control group, of either version', () => {
    expect(countersOfGroup('0::/system.slice/modhost.service\n')).toEqual([
      '/sys/fs/cgroup/system.slice/modhost.service/memory.events',
      '/sys/fs/cgroup/memory.events',
    ]);
    expect(countersOfGroup('5:cpu,cpuacct:/\n4:memory:/site\n0::/\n').slice(0, 2)).toEqual([
      '/sys/fs/cgroup/memory/site/memory.oom_control',
      '/sys/fs/cgroup/memory/memory.oom_control',
    ]);
  });

  it('can be counted on this machine', () => {
    expect(new MemoryKills().haveOccurred()).toBe(false);
  });
});
