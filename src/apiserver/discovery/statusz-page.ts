import { formatTime } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import { ZPage } from './z-page.ts'

export interface StatuszOptions {
  readonly host: Pick<Host, 'now' | 'monotonicMs'>
  /** Of the component: `apiserver`. */
  readonly name: string
  /** What runs it, and what it is: `node v24.1.0`, `1.36.2`, `1.36`. */
  readonly runtime: string
  readonly binaryVersion: string
  readonly emulationVersion: string
  /** The paths that it serves beside the API's. */
  readonly paths: () => readonly string[]
}

const ofTheApi = new Set(['/api', '/apis', '/openapi', '/openid', '/.well-known'])

/** `1 hr 28 min 43 sec` */
function lengthOf(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours} hr ${String(minutes).padStart(2, '0')} min ${String(seconds % 60).padStart(2, '0')} sec`
}

/** `Sat Nov 21 19:29:34 UTC 2026` */
function unixDate(atMs: number): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(atMs).toUTCString().split(/,? /)
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${time} UTC ${year}`
}

/** The first steps of the paths that there are, without those of the API. */
function folders(paths: readonly string[]): readonly string[] {
  const found = paths.map((path) => `/${path.split('/')[1]}`)
  return [...new Set(found)].filter((folder) => folder !== '/' && !ofTheApi.has(folder)).sort()
}

/** `/statusz` (KEP-4827): how the component is. It is up since this call. */
export function statuszPage(options: StatuszOptions): ZPage {
  const { host, name, runtime, binaryVersion, emulationVersion, paths } = options
  const [startedMs, startedAtMs] = [host.monotonicMs(), host.now()]
  const uptime = (): number => Math.floor((host.monotonicMs() - startedMs) / 1000)
  const text = (): string => {
    const facts = {
      Started: unixDate(startedAtMs),
      Up: lengthOf(uptime()),
      'Go version': runtime,
      'Binary version': binaryVersion,
      'Emulation version': emulationVersion,
      Paths: folders(paths()).join(' '),
    }
    const lines = Object.entries(facts).map(([key, value]) => `${key}: ${value}`)
    return `\n${lines.join('\n')}\n`
  }
  const fields = () => ({
    startTime: formatTime(startedAtMs),
    uptimeSeconds: uptime(),
    goVersion: runtime,
    binaryVersion,
    emulationVersion,
    paths: folders(paths()),
  })
  return new ZPage({ kind: 'Statusz', name, text, fields })
}
