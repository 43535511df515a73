"""A stand-in for a beamline's stream management service, to test against: plays, their store in files, the server."""
