import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import type { InProcessFigures } from './in-process-load.ts'

/** The same requests without sockets: what controllers, scheduler and simulated nodes use. */
export async function inProcess(options: BenchOptions, report: Report): Promise<void> {
  const script = join(import.meta.dirname, 'in-process-load.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    String(options.objects),
    String(options.flight),
  ])
  const figures: InProcessFigures = JSON.parse(stdout)
  const { perSecond, ...rest } = figures.creates
  report.figure('createInProcess', perSecond, { ...rest, loopP99Ms: figures.loopP99Ms })
  report.extra('in process: get a ConfigMap', '/s', figures.gets.perSecond)
  report.extra('in process: update a ConfigMap', '/s', figures.updates.perSecond)
  report.extra('in process: list them', 'ms', figures.listMs)
}
