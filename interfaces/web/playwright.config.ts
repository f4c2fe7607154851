import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, devices } from '@playwright/test';
import { ADDRESS, OWN, PERSON_STATE, PORT, RESULTS, UPSTREAM_PORT } from './e2e/address.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ROOT = join(import.meta.dirname, '../..');
const PYTHON = join(ROOT, '.venv/bin/python');

// Without an address the product is started here, in a folder of its own, with a model server.
const data = join(tmpdir(), `quire-e2e-${process.env.E2E_RUN}`);

export default defineConfig({
	testDir: 'e2e',
	outputDir: RESULTS,
	workers: 1,
	timeout: 45_000,
	expect: { timeout: 15_000 },
	reporter: [['list']],
	use: {
		baseURL: ADDRESS,
		trace: 'retain-on-failure',
		launchOptions: {
			executablePath: CHROMIUM.find((each) => existsSync(each)),
			args: ['--no-sandbox']
		}
	},
	projects: [
		{ name: 'setup', testMatch: /first\.setup\.ts/ },
		{
			name: 'chromium',
			dependencies: ['setup'],
			use: { ...devices['Desktop Chrome'], storageState: PERSON_STATE }
		}
	],
	webServer: OWN
		? [
				{
					command: `${PYTHON} -m tests.bench.upstream ${UPSTREAM_PORT}`,
					cwd: ROOT,
					port: UPSTREAM_PORT,
					gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 }
				},
				{
					command: `${PYTHON} -m interfaces.cli.main serve --data ${data} --port ${PORT}`,
					cwd: ROOT,
					url: `${ADDRESS}/readyz`,
					timeout: 90_000,
					gracefulShutdown: { signal: 'SIGTERM', timeout: 30_000 }
				}
			]
		: undefined
});
