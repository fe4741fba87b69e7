import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

// The policy of the pages allows no inline script and no data: URL, so nothing is put into the page itself.
export default defineConfig({
  base: "/console/",
  plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false })],
  build: {
    outDir: "../chalicelib/console/dist",
    assetsDir: "files",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
