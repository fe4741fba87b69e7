// A tus server with files on disk: FOLDER keeps them, PORT is where it listens on 127.0.0.1.

import { mkdirSync } from "node:fs";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const { FOLDER, PORT } = process.env;
mkdirSync(FOLDER, { recursive: true });
new Server({ path: "/files", datastore: new FileStore({ directory: FOLDER }) }).listen({
  host: "127.0.0.1",
  port: Number(PORT),
});
