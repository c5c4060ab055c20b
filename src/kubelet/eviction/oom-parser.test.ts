import { expect, test } from 'vitest'
import { OomParser, systemOomMessage } from './oom-parser.ts'

const begin = 'cat invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0'
const killed = 'Out of memory: Killed process 77 (hog) total-vm:5000kB, anon-rss:4000kB'

function messages(...lines: readonly string[]) {
  const parser = new OomParser()
  return lines.flatMap((line) => parser.take(line) ?? [])
}

test('OomParser tells the group whose limit was met', () => {
  const line =
    'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=/kubepods/pod1,task_memcg=/kubepods/pod1/c,task=hog,pid=77,uid=0'
  const found = messages(begin, 'Call Trace:', line, killed)
  expect(found).toEqual([{ group: '/kubepods/pod1', processName: 'hog', pid: 77 }])
  expect(found.map(systemOomMessage)).toEqual([undefined])
})

test('OomParser tells who was killed where the machine itself had no memory left', () => {
  const line =
    'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,task=hog,pid=77,uid=0'
  expect(messages(killed, begin, line, killed).map(systemOomMessage)).toEqual([
    'System OOM encountered, victim process: hog, pid: 77',
  ])
})

test('OomParser reads what older kernels say', () => {
  const group = 'Task in /kubepods/a killed as a result of limit of /kubepods'
  expect(messages(begin, group, killed)).toEqual([{ group: '/kubepods', processName: 'hog', pid: 77 }])
})
