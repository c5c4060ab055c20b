const verbOfMethod: Readonly<Record<string, string>> = {
  'connect:GET': 'get',
  'connect:POST': 'create',
  'connect:PUT': 'update',
  'connect:PATCH': 'patch',
  'connect:DELETE': 'delete',
}

/** API verbs of a subresource, sorted; methods without one (HEAD, OPTIONS) are left out. */
export const subresourceVerbs = (verbs: readonly string[]): readonly string[] =>
  verbs
    .map((verb) => (verb.startsWith('connect:') ? verbOfMethod[verb] : verb))
    .filter((verb) => verb !== undefined)
    .sort()
