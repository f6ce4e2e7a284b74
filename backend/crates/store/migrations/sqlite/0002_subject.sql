-- An operation works on a container, a volume or whatever subject_kind names; ids are unique among all of them.

DROP INDEX operations_container_id_key;
DROP INDEX operations_container;
ALTER TABLE operations RENAME COLUMN container_id TO subject_id;
ALTER TABLE operations ADD COLUMN subject_kind TEXT NOT NULL DEFAULT 'container';
-- One operation at a time per subject.
CREATE UNIQUE INDEX operations_subject_id_key ON operations (subject_id) WHERE finished_at IS NULL;
CREATE INDEX operations_subject ON operations (subject_id, seq);
