import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Machine } from './support/machine.ts'
import { lacksContainers, lacksDryRun, lacksKubectl, suiteName } from './support/requirements.ts'
import { listen } from './support/run.ts'
import { until } from './support/until.ts'

const image = 'timonel.local/busybox:1'

const web = (replicas: number): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "example.org/web:1", ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`

describe.skipIf(lacksKubectl.length > 0)(suiteName('kubectl with simulated nodes', lacksKubectl), () => {
  let machine: Machine
  const kubectl = (...args: string[]): Promise<string> => machine.mustKubectl(...args)
  const apply = (text: string, ...args: string[]): Promise<string> =>
    machine.succeed(machine.kubectlCommand('apply', '-f', '-', ...args), { input: text })
  const imageOfWeb = (): Promise<string> =>
    kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')

  beforeAll(async () => {
    machine = await Machine.create({ network: false })
    const simulated = ['--runtime', 'simulated', '--nodes', '2', '--api-port', '0']
    await machine.mustTimonel('up', '--detach', ...simulated)
  })
  afterAll(() => machine?.dispose())

  test('apply, and apply again', async () => {
    expect((await apply(web(2))).trim().split('\n')).toEqual([
      'deployment.apps/web created',
      'service/web created',
    ])
    expect(await apply(web(2))).toContain('deployment.apps/web unchanged')
    expect(await apply(web(3))).toContain('deployment.apps/web configured')
    expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=30s')).toContain(
      'successfully rolled out',
    )
  })

  test('apply --server-side', async () => {
    const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { colour: blue }\n'
    expect(await apply(map, '--server-side')).toContain('configmap/settings serverside-applied')
    const { code, stderr } = await machine.run(
      machine.kubectlCommand('apply', '--server-side', '--field-manager=other', '-f', '-'),
      { input: map.replace('blue', 'red') },
    )
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('conflict with "kubectl"'),
    })
  })

  test('get, as table, wide, by label and by field', async () => {
    expect(await kubectl('get', 'nodes')).toMatch(
      /^NAME +STATUS +ROLES +AGE +VERSION\nnode-1 +Ready +<none> +\S+ +v1\.36/,
    )
    const wide = await kubectl('get', 'pods', '-o', 'wide', '-l', 'app=web')
    expect(wide).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/)
    expect(wide.trim().split('\n')).toHaveLength(4)
    const onNode = await kubectl('get', 'pods', '--field-selector', 'spec.nodeName=node-1', '-o', 'name')
    expect(onNode).toContain('pod/web-')
    expect(await kubectl('get', 'all')).toMatch(/replicaset\.apps\/web-\S+ +3 +3 +3/)
    expect(await kubectl('get', 'deploy', 'web', '-o', 'yaml')).toContain('kind: Deployment')
    const { code, stderr } = await machine.kubectl('get', 'pod', 'none')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'Error from server (NotFound): pods "none" not found\n',
    })
  })

  test('describe', async () => {
    const deployment = await kubectl('describe', 'deployment', 'web')
    expect(deployment).toMatch(/Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable/)
    expect(deployment).toContain('ScalingReplicaSet')
    const pods = await kubectl('describe', 'pods', '-l', 'app=web')
    expect(pods).toContain('Successfully assigned default/web-')
    expect(await kubectl('describe', 'node', 'node-1')).toContain('Allocated resources:')
    expect(await kubectl('describe', 'service', 'web')).toMatch(/Endpoints: +\S+:8080,/)
  })

  test('scale, set image, rollout history and undo', async () => {
    await kubectl('scale', 'deployment/web', '--replicas=4')
    await kubectl('set', 'image', 'deployment/web', 'web=example.org/web:2')
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=30s')
    expect(await imageOfWeb()).toBe('example.org/web:2')
    expect(await kubectl('rollout', 'history', 'deployment/web')).toMatch(/\n1 .*\n2 /)
    await kubectl('rollout', 'undo', 'deployment/web')
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=30s')
    expect(await imageOfWeb()).toBe('example.org/web:1')
    expect(await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}')).toBe('4')
    expect(await kubectl('rollout', 'restart', 'deployment/web')).toContain('restarted')
    await kubectl('rollout', 'pause', 'deployment/web')
    await kubectl('rollout', 'resume', 'deployment/web')
    await kubectl('wait', '--for=condition=Available', 'deployment/web', '--timeout=30s')
  })

  test('label, annotate and patch', async () => {
    await kubectl('label', 'deployment', 'web', 'tier=front')
    expect(await kubectl('get', 'deployments', '-l', 'tier=front', '-o', 'name')).toBe(
      'deployment.apps/web\n',
    )
    await kubectl('annotate', 'deployment', 'web', 'note=yes')
    for (const type of ['strategic', 'merge']) {
      await kubectl(
        'patch',
        'deployment',
        'web',
        '--type',
        type,
        '-p',
        `{"metadata":{"labels":{"by":"${type}"}}}`,
      )
    }
    await kubectl(
      'patch',
      'configmap',
      'settings',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/data/size","value":"1"}]',
    )
    expect(await kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.size}')).toBe('1')
  })

  test.skipIf(lacksDryRun.length > 0)(suiteName('diff and replace', lacksDryRun), async () => {
    const file = join(machine.folder, 'settings.yaml')
    writeFileSync(
      file,
      (await kubectl('get', 'configmap', 'settings', '-o', 'yaml')).replace('blue', 'green'),
    )
    const difference = await machine.kubectl('diff', '-f', file)
    expect(difference).toMatchObject({ code: 1, stdout: expect.stringMatching(/\n-.*blue\n\+.*green/) })
    await kubectl('replace', '-f', file)
    expect(await kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}')).toBe('green')
  })

  test('explain, api-resources, api-versions, version, cluster-info and auth can-i', async () => {
    expect(await kubectl('explain', 'deployment.spec.replicas')).toMatch(/replicas\b[\s\S]*integer/)
    expect(await kubectl('api-resources')).toMatch(/deployments +deploy +apps\/v1 +true +Deployment/)
    expect(await kubectl('api-versions')).toContain('apps/v1\n')
    expect(await kubectl('version')).toMatch(/v1\.36/)
    expect(await kubectl('cluster-info')).toContain('https://127.0.0.1:')
    expect(await kubectl('auth', 'can-i', 'delete', 'nodes')).toBe('yes\n')
    const other = await machine.kubectl('auth', 'can-i', 'list', 'pods', '--as=jane')
    expect(other).toMatchObject({ code: 1, stdout: 'no\n' })
  })

  test('create job, create cronjob, create job --from, and describe them', async () => {
    await kubectl('create', 'job', 'once', '--image=example.org/work:1', '--', 'true')
    await kubectl('wait', '--for=condition=Complete', 'job/once', '--timeout=30s')
    expect(await kubectl('get', 'job', 'once')).toMatch(/once +Complete +1\/1/)
    const job = await kubectl('describe', 'job', 'once')
    expect(job).toMatch(/Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed/)
    expect(job).toContain('Job completed')
    const options = ['--image=example.org/work:1', '--schedule=0 0 1 1 *']
    await kubectl('create', 'cronjob', 'yearly', ...options, '--', 'true')
    expect(await kubectl('create', 'job', 'now', '--from=cronjob/yearly')).toContain('job.batch/now created')
    await kubectl('wait', '--for=condition=Complete', 'job/now', '--timeout=30s')
    const cronJob = await kubectl('describe', 'cronjob', 'yearly')
    expect(cronJob).toMatch(/Schedule: +0 0 1 1 \*/)
    expect(cronJob).toContain('Saw a job that the controller did not create or forgot: now')
    await kubectl('delete', 'cronjob', 'yearly')
    const left = () => kubectl('get', 'jobs', '-o', 'name')
    await until('what belonged to it is gone', async () => (await left()) === 'job.batch/once\n')
  })

  test('create, run and delete', async () => {
    await kubectl('create', 'namespace', 'other')
    await kubectl('-n', 'other', 'create', 'configmap', 'a', '--from-literal=b=c')
    await kubectl('-n', 'other', 'run', 'single', '--image=example.org/web:1')
    await kubectl('-n', 'other', 'wait', '--for=condition=Ready', 'pod/single', '--timeout=30s')
    expect(await kubectl('delete', 'namespace', 'other', '--timeout=30s')).toContain('deleted')
    expect(await kubectl('delete', 'deployment,service', 'web')).toContain('deployment.apps "web" deleted')
    const left = () => kubectl('get', 'replicasets,pods', '-l', 'app=web', '-o', 'name')
    await until('what belonged to it is gone', async () => (await left()) === '')
  })
})

const lack = [...lacksKubectl, ...lacksContainers]

describe.skipIf(lack.length > 0)(suiteName('kubectl with real containers', lack), () => {
  let machine: Machine
  const kubectl = (...args: string[]): Promise<string> => machine.mustKubectl(...args)
  const script =
    'echo start; n=0; while [ $n -lt 5 ]; do n=$((n+1)); echo line $n; done; echo hello > /www/index.html'
  const manifest = `apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - { name: web, image: "${image}", command: [sh, -c, '${script}; httpd -f -p 8080 -h /www & trap "exit 0" TERM; wait'] }
`

  beforeAll(async () => {
    machine = await Machine.create({ network: true })
    await machine.mustTimonel('up', '--detach')
    await machine.mustTimonel('image load', await machine.packBusybox(image))
    await machine.succeed(machine.kubectlCommand('apply', '-f', '-'), { input: manifest })
    await kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=30s')
  })
  afterAll(() => machine?.dispose())

  test('logs, --tail, --timestamps', async () => {
    expect(await kubectl('logs', 'web')).toMatch(/^start\nline 1\nline 2\nline 3\nline 4\nline 5\n$/)
    expect(await kubectl('logs', 'web', '--tail=2')).toBe('line 4\nline 5\n')
    expect(await kubectl('logs', 'web', '--tail=1', '--timestamps')).toMatch(
      /^\d{4}-\d\d-\d\dT\S+Z line 5\n$/,
    )
  })

  test('logs -f follows until it is ended', async () => {
    const child = machine.start(machine.kubectlCommand('logs', '-f', 'web', '--tail=1'))
    const said = listen(child)
    await until('the last line comes', async () => said().stdout === 'line 5\n')
    await kubectl('exec', 'web', '--', 'sh', '-c', 'echo more > /proc/1/fd/1')
    await until('the new line comes', async () => said().stdout === 'line 5\nmore\n')
    child.kill('SIGTERM')
  })

  test('exec gives output, input, errors and the exit code', async () => {
    expect(await kubectl('exec', 'web', '--', 'echo', 'from inside')).toBe('from inside\n')
    const failed = await machine.kubectl('exec', 'web', '--', 'sh', '-c', 'echo bad >&2; exit 7')
    expect(failed).toMatchObject({ code: 7, stderr: expect.stringContaining('bad\n') })
    const command = machine.kubectlCommand('exec', '-i', 'web', '--', 'cat')
    const input = `${'x'.repeat(100_000)}\n`
    expect(await machine.succeed(command, { input })).toBe(input)
  })

  test('cp, to a pod and back', async () => {
    const sent = join(machine.folder, 'sent.txt')
    writeFileSync(sent, 'a page\n'.repeat(5_000))
    await kubectl('cp', 'sent.txt', 'web:/www/page.txt')
    await kubectl('cp', 'web:/www/page.txt', 'back.txt')
    expect(await machine.succeed(['cmp', sent, join(machine.folder, 'back.txt')])).toBe('')
  })

  test('port-forward', async () => {
    const child = machine.start(machine.kubectlCommand('port-forward', 'pod/web', ':8080'))
    const said = listen(child)
    const port = await until('it forwards', async () => /127\.0\.0\.1:(\d+)/.exec(said().stdout)?.[1])
    const ask = [
      process.execPath,
      '-e',
      `fetch('http://127.0.0.1:${port}/').then(async (a) => console.log(await a.text()))`,
    ]
    for (let round = 0; round < 3; round++) expect(await machine.succeed(ask)).toContain('hello')
    child.kill('SIGTERM')
  })

  test('logs --previous after a container was restarted', async () => {
    // What exec itself says is of no interest: it may end with the container.
    await machine.kubectl('exec', 'web', '--', 'sh', '-c', 'echo last words > /proc/1/fd/1; kill -TERM 1')
    await until('it has been restarted', async () => {
      const count = await kubectl(
        'get',
        'pod',
        'web',
        '-o',
        'jsonpath={.status.containerStatuses[0].restartCount}',
      )
      return count !== '0'
    })
    expect(await kubectl('logs', 'web', '--previous')).toContain('last words')
  })
})
