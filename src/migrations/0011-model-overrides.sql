-- What the operator says about a model (/api/models): it wins over the bundle's table. fields: JSON, see
-- models/model-override.ts.
CREATE TABLE model_overrides (
  model TEXT PRIMARY KEY,
  fields TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
