import type { Endpoint } from '../endpoint.ts'
import { checkProduced } from '../represent/negotiate.ts'
import type { ServerRequest } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import { jsonType } from '../rest/media-types.ts'
import { checkService } from '../routing.ts'

/** What a build says of itself. */
export interface BuildInfo {
  /** Kubernetes' version with our own behind a plus: `v1.36.2+timonel-0.1.0`. */
  readonly gitVersion: string
  readonly gitCommit: string
  /** RFC 3339. */
  readonly buildDate: string
  /** What runs it: `node v24.1.0`. */
  readonly runtime: string
  /** `linux/amd64` */
  readonly platform: string
}

/** `/version`, in JSON whatever else is accepted. The binary version is also the emulated one; it is compatible with the minor version before. */
export class VersionEndpoint implements Endpoint {
  readonly paths = ['/version', '/version/*']
  readonly #text: string

  constructor(build: BuildInfo) {
    const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(build.gitVersion) ?? []
    const version = {
      major,
      minor,
      emulationMajor: major,
      emulationMinor: minor,
      minCompatibilityMajor: major,
      minCompatibilityMinor: String(Number(minor) - 1),
      gitVersion: build.gitVersion,
      gitCommit: build.gitCommit,
      gitTreeState: 'clean',
      buildDate: build.buildDate,
      goVersion: build.runtime,
      compiler: 'typescript',
      platform: build.platform,
    }
    this.#text = JSON.stringify(version, null, 2)
  }

  index(): readonly string[] {
    return ['/version']
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    checkService(request, '/version')
    checkProduced(request.header('accept') ?? '', [jsonType])
    return textResponse(this.#text, 200, jsonType)
  }
}
