-- The server's history, beside the registry of models.
CREATE DATABASE history;
