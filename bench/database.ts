import mysql from 'mysql2/promise'
import { runCli } from './processes.ts'

/** A fresh database on a MariaDB, with the schema of the build in `folder`, or of this one. */
export async function freshDatabase(
  server: string,
  name: string,
  folder?: string
): Promise<{ url: string; drop(): Promise<void> }> {
  const admin = await mysql.createConnection(server)
  await admin.query(`drop database if exists ${name}`)
  await admin.query(`create database ${name} character set utf8mb4`)
  const url = `${server.replace(/\/$/, '')}/${name}`
  await runCli(['migrate'], { DB_HOST: url }, folder)
  return {
    url,
    async drop() {
      await admin.query(`drop database ${name}`)
      await admin.end()
    }
  }
}
