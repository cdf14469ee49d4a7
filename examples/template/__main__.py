"""Deploys the sites of Pulumi.<stack>.yaml. Other resources of Pulumi may be made here too."""

import portico

portico.deploy()
