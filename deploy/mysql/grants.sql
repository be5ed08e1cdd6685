-- Read once, when the primary of docker-compose.yml is made: the app asks its replicas how far behind they are.
GRANT REPLICA MONITOR ON *.* TO 'zwai'@'%';
