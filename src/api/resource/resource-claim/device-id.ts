/** What tells allocated devices apart; shares of one device have a share ID. */
export function deviceIdText(id: {
  readonly driver?: string
  readonly pool?: string
  readonly device?: string
  readonly shareID?: string
}): string {
  const { driver = '', pool = '', device = '', shareID = '' } = id
  return shareID === '' ? `${driver}/${pool}/${device}` : `${driver}/${pool}/${device}/${shareID}`
}
