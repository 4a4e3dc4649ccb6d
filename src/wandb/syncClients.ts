/** Who uploads: W&B's own client, this project, or the former where it is installed. */
export const syncClients = ['auto', 'wandb', 'contrafit'] as const;
export type SyncClient = (typeof syncClients)[number];
