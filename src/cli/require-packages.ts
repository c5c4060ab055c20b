import { installCommand, installPackages, missingPackages, realHost, step } from '../cluster/index.ts'
import { report } from './detached.ts'

/** Installs what real containers need and is missing, where told to; throws with the command for it where not. `otherwise` says what else one can do. */
export async function requirePackages(installDeps: boolean, otherwise = ''): Promise<void> {
  const missing = missingPackages()
  if (missing.length === 0) return
  if (!installDeps) {
    throw new Error(
      `real containers need the packages ${missing.join(', ')}. Install them with\n  ${installCommand(missing)}\nor let --install-deps do it${otherwise}.`,
    )
  }
  await step(realHost, report(), `install ${missing.join(', ')}`, async () => installPackages(missing))
}
