/** Last octets, as in the report. */
export const OCTETS = {
  web01: 180,
  web02: 181,
  web03: 188,
  mariadb01: 182,
  mariadb02: 186,
  arbitrator: 189,
  haproxy01: 183,
  haproxy02: 184,
  haproxy03: 185,
  haproxy04: 187,
  pg01: 190,
  pg02: 191,
  pg03: 192,
  pgpool01: 193,
  pgpool02: 194,
  pgpool03: 195,
  apache01: 196,
  apache02: 197,
  gluster01: 201,
  gluster02: 202,
  gluster03: 203,
  nfs01: 204,
  client: 10,
  door: 5
} as const

export type Host = keyof typeof OCTETS

export const WEB_VIRTUAL_OCTET = 200
export const DATABASE_VIRTUAL_OCTET = 250

export const isHost = (name: string): name is Host => Object.hasOwn(OCTETS, name)
