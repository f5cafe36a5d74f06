import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'

export const isPostgres = (host: Host): boolean => host.startsWith('pg0')

/** As a superuser, for whom PostgreSQL keeps places: gets in although the table is full. */
export const askPostgres = (lab: Lab, host: Host, text: string): Promise<string> =>
  lab.exec(host, ['psql', '-U', 'postgres', '-h', '127.0.0.1', '-AXtqc', text])

/**
 * Ends the application's sessions on the host, as an administrator would. pgpool takes that for what it is, and not for the
 * death of the host.
 */
export const endSessionsOfPostgres = async (lab: Lab, host: Host): Promise<void> => {
  await askPostgres(lab, host, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'carrinho'")
}
