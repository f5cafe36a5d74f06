import mysql from 'mysql2/promise'
import pg from 'pg'
import { runCli } from './processes.ts'

interface Admin {
  query(sql: string): Promise<unknown>
  end(): Promise<unknown>
}

async function connect(server: string): Promise<Admin> {
  if (!server.startsWith('postgres')) return mysql.createConnection(server)
  const admin = new pg.Client({ connectionString: server })
  await admin.connect()
  return admin
}

/** A fresh database on a server, with the schema of the build in `folder`, or of this one. */
export async function freshDatabase(
  server: string,
  name: string,
  folder?: string
): Promise<{ url: string; drop(): Promise<void> }> {
  const admin = await connect(server)
  const isPostgres = server.startsWith('postgres')
  await admin.query(`drop database if exists ${name}`)
  await admin.query(
    `create database ${name} ${isPostgres ? "encoding 'UTF8' template template0" : 'character set utf8mb4'}`
  )
  const address = new URL(server)
  address.pathname = `/${name}`
  const url = address.href
  await runCli(['migrate'], { DB_HOST: url }, folder)
  return {
    url,
    async drop() {
      await admin.query(`drop database ${name}${isPostgres ? ' with (force)' : ''}`)
      await admin.end()
    }
  }
}
