import type {
  Definition,
  DefinitionVersion,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import { compareVersions } from '../discovery/group-versions.ts'

/** What every request for a deprecated version is told; undefined for others. */
export function deprecationOf({ spec }: Definition, version: DefinitionVersion): string | undefined {
  if (version.deprecated !== true) return undefined
  if (version.deprecationWarning !== undefined) return version.deprecationWarning
  const { group, names } = spec
  const [newer] = spec.versions
    .filter(({ served, deprecated }) => served && deprecated !== true)
    .map(({ name }) => name)
    .filter((name) => compareVersions(name, version.name) < 0)
    .sort(compareVersions)
  const told = `${group}/${version.name} ${names.kind} is deprecated`
  return newer === undefined ? told : `${told}; use ${group}/${newer} ${names.kind}`
}
